import { execFile } from "node:child_process";
import {
  appendFile,
  mkdtemp,
  open,
  readFile,
  readdir,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { collectChunks } from "./chunks.fixture.js";
import { openPack, readPackDescription, verifyPack } from "./pack-reader.js";
import { writePack } from "./pack-writer.js";
import { findPack, preparePack } from "./prepare-pack.js";
import type { DatasetSource, ImageChunk } from "./source.js";
import type { Part } from "./pack-format.js";

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "smash-pack-"));
  path = join(folder, "some.pack");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const imageBytes = 3 * 4;
/** Image i holds i, i + 1, … */
const pixelsOf = (index: number) => Uint8Array.from({ length: imageBytes }, (_, at) => (index + at) & 255);

const about = { classes: Array.from({ length: 400 }, (_, index) => `class ${index}`), channels: 3, size: 2 };

async function writeSome(count: number, part: (index: number) => Part): Promise<void> {
  await writePack(path, async (add) => {
    for (let index = 0; index < count; index++) await add(pixelsOf(index));
    const indices = Array.from({ length: count }, (_, index) => index);
    return {
      ...about,
      stamp: "one",
      labels: indices.map((index) => (index * 3) % 400),
      parts: indices.map(part),
    };
  });
}

describe("a pack", () => {
  it("gives back every image with its label, more than 256 classes, in its part", async () => {
    const names: Part[] = ["train", "left-out", "test", "train"];
    await writeSome(300, (index) => names[index % 4]);
    const { train, test, description } = await openPack(path);
    expect([train.count, test.count, description.count]).toEqual([150, 75, 300]);
    const expected = Array.from({ length: 300 }, (_, index) => index).filter((index) => index % 4 !== 1);
    const found = { train: 0, test: 0 };
    for (const index of expected) {
      const set = index % 4 === 2 ? test : train;
      const place = found[index % 4 === 2 ? "test" : "train"]++;
      expect(set.labels[place]).toBe((index * 3) % 400);
      expect([...set.image(place)]).toEqual([...pixelsOf(index)]);
    }
    await verifyPack(path);
    expect(await readdir(folder)).toEqual(["some.pack"]);
  });

  it("is as before when writing a new one fails", async () => {
    await writeSome(5, () => "train");
    const before = await readFile(path);
    const failing = writePack(path, async (add) => {
      await add(pixelsOf(0));
      throw new Error("the source failed");
    });
    await expect(failing).rejects.toThrow("the source failed");
    expect(await readFile(path)).toEqual(before);
    expect(await readdir(folder)).toEqual(["some.pack"]);
  });

  it("that is cut or another file is refused; altered pixels are found by its sum", async () => {
    await writeSome(5, () => "train");
    const whole = await readFile(path);
    for (const length of [0, 5, 40, whole.length - 1]) {
      await truncate(path, length);
      await expect(openPack(path)).rejects.toMatchObject({ code: "data" });
      await writeFile(path, whole);
    }
    await writeFile(path, Buffer.concat([Buffer.from("x"), whole]));
    await expect(readPackDescription(path)).rejects.toThrow(/must hold \d+ bytes/);
    whole[3] ^= 1;
    await writeFile(path, whole);
    await expect(verifyPack(path)).rejects.toThrow(/MD5/);
  });

  it("with a label that names no class is refused", async () => {
    const ending = { ...about, stamp: "one", labels: [400], parts: ["train"] as const };
    await writePack(path, async (add) => (await add(pixelsOf(0)), ending));
    await expect(openPack(path)).rejects.toThrow(/labels below 400.*400 at 0/);
  });

  it("longer than one mapping gives every image from its own place", async () => {
    // Five images of 192 MiB fit one mapping of 1 GiB. The file is sparse: it takes no room.
    const [size, count] = [2 ** 13, 7];
    const length = 3 * size * size;
    const description = {
      ...{ classes: ["only"], channels: 3, size, count, train: { count }, test: { count: 0 } },
      ...{ stamp: "", md5: "" },
    };
    const json = Buffer.from(JSON.stringify(description));
    const trailer = Buffer.alloc(4);
    trailer.writeUInt32LE(json.length);
    await writeFile(path, "");
    await truncate(path, count * (length + 3));
    await appendFile(path, Buffer.concat([json, trailer, Buffer.from("SMASHPK1")]));
    const file = await open(path, "r+");
    for (let index = 0; index < count; index++) await file.write(Buffer.of(index + 1), 0, 1, index * length);
    await file.close();
    const { train } = await openPack(path);
    expect(Array.from({ length: count }, (_, index) => train.image(index)[0])).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(train.image(6)).toHaveLength(length);
  });

  it("takes memory for the images that are used, not for all", async () => {
    const pixels = Buffer.alloc(3 * 64 * 64 * 100, 7);
    await writePack(path, async (add) => {
      for (let index = 0; index < 200; index++) await add(pixels);
      const count = 20_000;
      return {
        classes: ["only"],
        channels: 3,
        size: 64,
        stamp: "",
        labels: new Uint8Array(count),
        parts: new Array<Part>(count).fill("train"),
      };
    });
    expect((await stat(path)).size).toBeGreaterThan(245e6);
    // In a process of its own: this one's memory has too many other reasons to grow.
    const script = `
      import { openPack } from ${JSON.stringify(new URL("../../dist/data/pack-reader.js", import.meta.url).href)};
      import { native } from ${JSON.stringify(new URL("../../dist/tensor/index.js", import.meta.url).href)};
      native();
      const before = process.memoryUsage.rss();
      const { train } = await openPack(${JSON.stringify(path)});
      let sum = 0;
      for (let index = 0; index < train.count; index += 200) sum += train.image(index)[5];
      console.log(JSON.stringify({ sum, grown: process.memoryUsage.rss() - before }));`;
    const { sum, grown } = await new Promise<{ sum: number; grown: number }>((resolve, reject) => {
      execFile(process.execPath, ["--input-type=module", "-e", script], (error, stdout) => {
        if (error) reject(new Error(error.message));
        else resolve(JSON.parse(stdout) as { sum: number; grown: number });
      });
    });
    expect(sum).toBe(700);
    expect(grown).toBeLessThan(60e6);
  }, 60_000);
});

describe("preparing a pack", () => {
  function source(read: () => void): DatasetSource {
    const file = join(folder, "source.bin");
    return {
      name: "toy",
      classes: ["a", "b"],
      channels: 1,
      size: 4,
      train: { count: 3 },
      test: { count: 1 },
      locate: () => Promise.resolve([file]),
      fetch: () => Promise.reject(new Error("nothing to fetch")),
      async *read(): AsyncGenerator<ImageChunk> {
        read();
        const pixels = await readFile(file);
        yield { part: "train", pixels: pixels.subarray(0, 48), labels: [0, 1, 0] };
        yield { part: "test", pixels: pixels.subarray(48), labels: [1] };
      },
    };
  }

  it("reads the files once, and again when one of them has changed or the pack is damaged", async () => {
    const file = join(folder, "source.bin");
    await writeFile(
      file,
      Uint8Array.from({ length: 64 }, (_, at) => at * 3),
    );
    const read = vi.fn<() => void>();
    const toy = source(read);
    const first = await preparePack(toy, { dataDir: folder });
    expect(await preparePack(toy, { dataDir: folder })).toEqual(first);
    expect(read).toHaveBeenCalledTimes(1);

    const { train, test } = await openPack(first.path);
    const expected = await collectChunks(toy.read(folder));
    expect([...train.image(2)]).toEqual([...expected.train.image(2)]);
    expect([...test.labels]).toEqual([1]);
    read.mockClear();

    await utimes(file, 5, 5);
    await preparePack(toy, { dataDir: folder });
    expect(read).toHaveBeenCalledTimes(1);
    await truncate(first.path, 20);
    expect(await findPack(toy, { dataDir: folder })).toBeUndefined();
    await preparePack(toy, { dataDir: folder });
    expect(read).toHaveBeenCalledTimes(2);
  });

  it("keeps one pack a size, and a larger picture shows the same", async () => {
    const file = join(folder, "source.bin");
    await writeFile(
      file,
      Uint8Array.from({ length: 64 }, (_, at) => (at < 16 ? 200 : 10)),
    );
    const toy = source(() => undefined);
    const large = await openPack((await preparePack(toy, { dataDir: folder, imageSize: 9 })).path);
    const small = await openPack((await preparePack(toy, { dataDir: folder })).path);
    expect([large.train.imageBytes, small.train.imageBytes]).toEqual([81, 16]);
    expect(new Set(large.train.image(0))).toEqual(new Set([200]));
    for (const image of [large.train.image(1), large.train.image(2), large.test.image(0)]) {
      expect(new Set(image)).toEqual(new Set([10]));
    }
  });
});
