import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { withFolderLock, type LockedFolder } from "./folder-lock.js";

const folder = mkdtempSync(join(tmpdir(), "smash-lock-"));
const place: LockedFolder = { path: folder, holds: "run" };
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("is held by one at a time, and free again after success and failure", async () => {
  await withFolderLock(place, async () => {
    const second = withFolderLock(place, () => Promise.resolve("never"));
    await expect(second).rejects.toMatchObject({ code: "usage" });
    await expect(second).rejects.toThrow(folder);
  });
  await expect(withFolderLock(place, () => Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  expect(await withFolderLock(place, () => Promise.resolve("done"))).toBe("done");
});

it("that cannot be made is told with the folder, and not as an error of the program", async () => {
  const path = join(folder, "occupied");
  mkdirSync(join(path, "lock"), { recursive: true });
  const refused = withFolderLock({ path, holds: "study" }, () => Promise.resolve("never"));
  await expect(refused).rejects.toMatchObject({ code: "usage" });
  await expect(refused).rejects.toThrow(`${path} must be a folder`);
});

it("of one training in a folder does not keep another one out", async () => {
  const [best, second] = ["best", "rank-2"].map(
    (name) => ({ path: folder, holds: "training", name }) as const,
  );
  await withFolderLock(best, async () => {
    expect(await withFolderLock(second, () => Promise.resolve("done"))).toBe("done");
    await expect(withFolderLock(best, () => Promise.resolve("never"))).rejects.toThrow("works on a training");
  });
});
