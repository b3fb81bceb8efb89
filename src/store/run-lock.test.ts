import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { withRunLock } from "./run-lock.js";

const folder = mkdtempSync(join(tmpdir(), "smash-lock-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("is held by one at a time, and free again after success and failure", async () => {
  await withRunLock(folder, async () => {
    const second = withRunLock(folder, () => Promise.resolve("never"));
    await expect(second).rejects.toMatchObject({ code: "usage" });
    await expect(second).rejects.toThrow(folder);
  });
  await expect(withRunLock(folder, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  expect(await withRunLock(folder, () => Promise.resolve("done"))).toBe("done");
});
