import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileSize, withTemporaryFolder, writingBelow } from "./files.js";

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "smash-files-"));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe("files", () => {
  it("have a size only when they are there and regular", async () => {
    await writeFile(join(folder, "a"), "12345");
    expect(await fileSize(join(folder, "a"))).toBe(5);
    expect(await fileSize(join(folder, "b"))).toBeUndefined();
    expect(await fileSize(join(folder, "a", "c"))).toBeUndefined();
    expect(await fileSize(folder)).toBeUndefined();
  });

  it("leave no temporary folder behind, whether the work succeeds or fails", async () => {
    const goal = join(folder, "deep", "goal");
    expect(await withTemporaryFolder(goal, () => Promise.resolve(7))).toBe(7);
    const failing = withTemporaryFolder(goal, (work) => writeFile(join(work, "x", "y"), ""));
    await expect(failing).rejects.toThrow("ENOENT");
    expect(await readdir(join(folder, "deep"))).toEqual([]);
  });

  it.each([
    ["ENOSPC", "disk-full"],
    ["EROFS", "config"],
    ["EACCES", "config"],
  ])("turn %s into %s, naming the folder", async (code, expected) => {
    const failing = writingBelow("/the/folder", () =>
      Promise.reject(Object.assign(new Error(code), { code })),
    );
    await expect(failing).rejects.toMatchObject({ code: expected });
    await expect(failing).rejects.toThrow("/the/folder");
  });

  it("let other errors pass as they are", async () => {
    const error = new TypeError("other");
    await expect(writingBelow("/f", () => Promise.reject(error))).rejects.toBe(error);
  });
});
