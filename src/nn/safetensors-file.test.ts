import type * as FileSystem from "node:fs/promises";
import { mkdtemp, open, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { full, memoryStats, setThreads, type Tensor } from "../tensor/index.js";
import { disposeAll, readSafetensors, writeSafetensors } from "./index.js";

setThreads(2);

/** What the disk answers to a write: nothing special, or this after half of the bytes. */
const disk = vi.hoisted(() => ({ error: undefined as string | undefined }));
vi.mock("node:fs/promises", async (importOriginal) => {
  const real = await importOriginal<typeof FileSystem>();
  return {
    ...real,
    writeFile: async (path: string, bytes: Uint8Array, options: object) => {
      if (disk.error === undefined) return real.writeFile(path, bytes, options);
      await real.writeFile(path, bytes.subarray(0, bytes.length / 2), options);
      throw Object.assign(new Error(`${disk.error}: write`), { code: disk.error });
    },
  };
});

let folder: string;
const before = full([3], 1);
const after = full([3], 2);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "smash-safetensors-"));
});
afterEach(async () => {
  disk.error = undefined;
  await rm(folder, { recursive: true });
});

const save = (path: string, tensor: Tensor) =>
  writeSafetensors(path, new Map([["a", tensor]]), { of: "test" });

async function load(path: string): Promise<number[]> {
  const { tensors, metadata } = await readSafetensors(path);
  expect(metadata).toEqual({ of: "test" });
  const values = tensors.get("a")!.toNumbers();
  disposeAll(tensors);
  return values;
}

describe("a safetensors file on disk", () => {
  it("is read as it was written, replaced as a whole, and the only thing left", async () => {
    const live = memoryStats().liveTensors;
    const path = join(folder, "deep", "state.safetensors");
    await save(path, before);
    expect(await load(path)).toEqual([1, 1, 1]);
    await save(path, after);
    expect(await load(path)).toEqual([2, 2, 2]);
    expect(await readdir(join(folder, "deep"))).toEqual(["state.safetensors"]);
    expect(memoryStats().liveTensors).toBe(live);
  });

  it("holds the values of the moment of the call", async () => {
    const path = join(folder, "state.safetensors");
    const moving = full([3], 5);
    const written = save(path, moving);
    moving.fill(6);
    await written;
    expect(await load(path)).toEqual([5, 5, 5]);
    moving.dispose();
  });

  it.each([
    ["ENOSPC", "disk-full"],
    ["EDQUOT", "disk-full"],
    ["EROFS", "config"],
  ])("that cannot be written (%s) is code %s, and the earlier one is intact", async (system, code) => {
    const path = join(folder, "state.safetensors");
    await save(path, before);
    disk.error = system;
    await expect(save(path, after)).rejects.toMatchObject({ code });
    expect(await readdir(folder)).toEqual(["state.safetensors"]);
    expect(await load(path)).toEqual([1, 1, 1]);
  });

  it("that is missing, a folder or damaged is code checkpoint, with its path", async () => {
    const path = join(folder, "state.safetensors");
    await expect(readSafetensors(path)).rejects.toMatchObject({
      code: "checkpoint",
      message: expect.stringContaining(`${path} must be a file`) as string,
    });
    await expect(readSafetensors(folder)).rejects.toMatchObject({ code: "checkpoint" });
    await save(path, before);
    const file = await open(path, "r+");
    await file.write(Uint8Array.of(7), 0, 1, (await readFile(path)).length - 1);
    await file.close();
    await expect(readSafetensors(path)).rejects.toMatchObject({
      code: "checkpoint",
      message: expect.stringContaining(path) as string,
    });
  });
});
