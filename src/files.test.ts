import { spawn, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  checkOutputFile,
  checkOutputFolder,
  fileSize,
  makeFolder,
  removeLeftovers,
  replaceFile,
  withTemporaryFolder,
  writingBelow,
} from "./files.js";

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
    ["EEXIST", "usage"],
    ["ENOTDIR", "usage"],
    ["EISDIR", "usage"],
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

describe("folders", () => {
  it("are made with those above them, and may be there already", async () => {
    const deep = join(folder, "a", "b", "c");
    await makeFolder(deep);
    await makeFolder(deep);
    expect(await readdir(join(folder, "a", "b"))).toEqual(["c"]);
  });

  it("are made by many at once", async () => {
    for (let trial = 0; trial < 50; trial++) {
      const above = join(folder, String(trial));
      const wanted = [join(above, "b", "c"), join(above, "b", "c", "d"), join(above, "b"), above];
      await Promise.all([...wanted, ...wanted.toReversed()].map(makeFolder));
      expect(await readdir(join(above, "b", "c"))).toEqual(["d"]);
    }
  });

  it("are not made of files or below them", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    await expect(makeFolder(file)).rejects.toMatchObject({ code: "EEXIST" });
    await expect(makeFolder(join(file, "x", "y"))).rejects.toMatchObject({ code: "ENOTDIR" });
  });

  it.runIf(process.platform === "linux")("where none can be made end with an error, not never", async () => {
    await expect(makeFolder("/proc/none/such")).rejects.toMatchObject({ code: "ENOENT" });
    await expect(checkOutputFolder("/proc/none/such")).rejects.toThrow(
      "nothing can be made in /proc (ENOENT)",
    );
  });
});

describe("places for output", () => {
  it("are folders that are there or can be made, and files in them; looking leaves nothing there", async () => {
    const file = join(folder, "file");
    await writeFile(file, "content");
    await checkOutputFolder(folder);
    await checkOutputFolder(join(folder, "a", "b"));
    await checkOutputFile(file);
    await checkOutputFile(join(folder, "a", "b"));
    expect(await readdir(folder)).toEqual(["file"]);
    expect(await readFile(file, "utf8")).toBe("content");
  });

  it("are not folders below files, and not files where folders are", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    for (const looking of [
      () => checkOutputFolder(file),
      () => checkOutputFolder(join(file, "x", "y")),
      () => checkOutputFile(join(file, "x")),
    ]) {
      await expect(looking()).rejects.toMatchObject({ code: "usage" });
      await expect(looking()).rejects.toThrow(`${file} is no folder`);
    }
    await expect(checkOutputFile(folder)).rejects.toMatchObject({ code: "usage" });
    await expect(checkOutputFile(folder)).rejects.toThrow(`${folder} must be the path of a file`);
    await expect(replaceFile(folder, "")).rejects.toMatchObject({ code: "usage" });
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
