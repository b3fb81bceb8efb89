import { spawn, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { fileSize, removeLeftovers, replaceFile, withTemporaryFolder, writingBelow } from "./files.js";

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
    ["EFBIG", "disk-full"],
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

describe("leftovers of a killed writer", () => {
  const machine = hostname().replaceAll(/[^\w.]/g, "_");
  const deadPid = spawnSync("true").pid;

  /** Temporary folders with a torso inside, as writers leave them. */
  async function leave(...names: string[]): Promise<void> {
    for (const name of names) {
      await mkdir(join(folder, name));
      await writeFile(join(folder, name, "whole"), "half");
    }
  }

  it("are removed by the next write of the same file, which they do not disturb", async () => {
    const [mine, other] = [
      `a.bin.tmp-${deadPid}@${machine}-abc123`,
      `b.bin.tmp-${deadPid}@${machine}-abc123`,
    ];
    await leave(mine, other);
    await replaceFile(join(folder, "a.bin"), "whole");
    expect(await readFile(join(folder, "a.bin"), "utf8")).toBe("whole");
    expect((await readdir(folder)).toSorted()).toEqual(["a.bin", other]);
  });

  it("are removed for all files at once", async () => {
    await leave(`a.tmp-${deadPid}@${machine}-abc123`, `b.tmp-${deadPid}@${machine}-XYZ789`);
    await removeLeftovers(folder);
    expect(await readdir(folder)).toEqual([]);
  });

  it("are told from the work of running processes, other machines and other programs, which stays", async () => {
    const running = spawn("sleep", ["60"]);
    try {
      const names = [
        `a.tmp-${running.pid}@${machine}-abc123`,
        `a.tmp-${process.pid}@${machine}-abc123`,
        `a.tmp-${deadPid}@another.${machine}-abc123`,
        "a.tmp-abc123",
        "a",
      ];
      await leave(...names);
      await removeLeftovers(folder);
      expect((await readdir(folder)).toSorted()).toEqual(names.toSorted());
    } finally {
      running.kill();
    }
  });

  it("have the names that are looked for: a real writer, killed in the middle", async () => {
    const files = new URL("../dist/files.js", import.meta.url).href;
    const script = `
      import { withTemporaryFolder } from ${JSON.stringify(files)};
      await withTemporaryFolder(${JSON.stringify(join(folder, "goal"))}, async () => process.kill(process.pid, "SIGKILL"));`;
    spawnSync(process.execPath, ["--input-type=module", "-e", script]);
    expect(await readdir(folder)).toHaveLength(1);
    await replaceFile(join(folder, "goal"), "");
    expect(await readdir(folder)).toEqual(["goal"]);
  });

  it("of a folder that is not there are none", async () => {
    await expect(removeLeftovers(join(folder, "none"))).resolves.toBeUndefined();
  });
});
