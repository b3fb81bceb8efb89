import { lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it, vi } from "vitest";
import { cifar100Format } from "../../src/data/cifar100.js";
import { cifar10Format, readRecords } from "../../src/data/cifar10-files.js";
import { decodeImage, UnreadableImage } from "../../src/data/folder/decode-image.js";
import { isInside, scanFolder } from "../../src/data/folder/scan-folder.js";
import { parseIdx } from "../../src/data/idx.js";
import { mostHeaderBytes, parseNpyHeader } from "../../src/data/npy.js";
import { Npz } from "../../src/data/npz.js";
import { makeNpy, makeZip } from "../../src/data/npz.fixture.js";
import { openPack } from "../../src/data/pack-reader.js";
import { writePack } from "../../src/data/pack-writer.js";
import { parseFolds } from "../../src/data/stl10-folds.js";
import { parseStl10Labels, transposePlanes } from "../../src/data/stl10.js";
import { SmashError } from "../../src/errors.js";
import { damagedBytes, feed } from "./hostile.fixture.js";
import { temporaryFolder } from "../search-command.fixture.js";

const folder = temporaryFolder("hostile");

// Seconds alone; minutes where ten other processes share two cores.
vi.setConfig({ testTimeout: 900_000 });

describe("hostile data files", () => {
  it("IDX", async () => {
    const images = Buffer.from([
      0,
      0,
      8,
      3,
      0,
      0,
      0,
      2,
      0,
      0,
      0,
      3,
      0,
      0,
      0,
      4,
      ...new Array<number>(24).fill(7),
    ]);
    const labels = Buffer.from([0, 0, 8, 1, 0, 0, 0, 3, 1, 2, 3]);
    await feed("IDX", damagedBytes(images, labels), (bytes) => parseIdx(bytes, "f"));
  });

  it("CIFAR-10 and CIFAR-100", async () => {
    for (const format of [cifar10Format, cifar100Format]) {
      const bytes = format.labelBytes + 3072;
      const valid = Buffer.alloc(2 * bytes, 5);
      await feed(format.dataset, damagedBytes(valid), (content) => {
        const { pixels, labels } = readRecords(content, "f", format);
        expect(pixels.length).toBe(3072 * labels.length);
        expect(Math.max(0, ...labels)).toBeLessThan(format.classes);
      });
    }
  });

  it("STL-10: images and labels", async () => {
    const labels = Buffer.from([1, 2, 3, 10]);
    await feed("STL-10 labels", damagedBytes(labels), (bytes) => parseStl10Labels(bytes, "f"));
    // Any content of the right length is a picture: lengths are what can be wrong.
    const lengths = fc.oneof(fc.integer({ min: 0, max: 60_000 }), fc.constantFrom(0, 27_648, 55_296));
    await feed("STL-10 images", lengths, (length) => transposePlanes(Buffer.alloc(length), "f"));
  });

  it("STL-10: folds", async () => {
    const line = Array.from({ length: 1_000 }, (_, index) => index).join(" ");
    const valid = Buffer.from(`${line}\n`.repeat(10));
    await feed("STL-10 folds", damagedBytes(valid), (bytes) =>
      parseFolds(bytes.toString("utf8"), { path: "f", count: 5_000 }),
    );
  });

  it("npy", async () => {
    const arrays = [
      makeNpy("|u1", [4, 6], Buffer.alloc(24)),
      makeNpy("<i8", [3], Buffer.alloc(24)),
      makeNpy("|u1", [1_000_000_000_000, 3072], Buffer.alloc(9)),
    ];
    await feed("npy", damagedBytes(...arrays), (bytes) =>
      parseNpyHeader(bytes.subarray(0, mostHeaderBytes), { path: "f", fileBytes: bytes.length }),
    );
  });

  it("npz", async () => {
    const data = makeNpy("|u1", [2, 50], Buffer.alloc(100, 3));
    const labels = makeNpy("<i8", [2], Buffer.alloc(16, 1));
    const archives = [true, false].map((deflate) =>
      makeZip([
        { name: "data.npy", content: data, deflate },
        { name: "labels.npy", content: labels, deflate },
      ]),
    );
    archives.push(makeZip([{ name: "../../data.npy", content: data }]));
    const path = join(folder, "some.npz");
    await feed("npz", damagedBytes(...archives), async (bytes) => {
      writeFileSync(path, bytes);
      const file = await Npz.open(path);
      try {
        for (const name of ["data", "labels"]) {
          const { header, chunks } = await file.array(name);
          let total = 0;
          for await (const chunk of chunks) total += chunk.length;
          expect(total).toBe(header.dataBytes);
        }
      } finally {
        file.close();
      }
    });
  });

  it("image packs", async () => {
    const path = join(folder, "some.pack");
    await writePack(path, async (add) => {
      await add(Buffer.alloc(5 * 12, 9));
      return {
        classes: ["a", "b"],
        channels: 3,
        size: 2,
        stamp: "s",
        labels: [0, 1, 0, 1, 0],
        parts: ["train", "test", "train", "left-out", "train"],
      };
    });
    const valid = readFileSync(path);
    // A file that is mapped may not be made shorter: each gets a name of its own.
    let number = 0;
    await feed("packs", damagedBytes(valid), async (bytes) => {
      const own = join(folder, `${number++ % 64}.pack`);
      rmSync(own, { force: true });
      writeFileSync(own, bytes);
      const { train, test } = await openPack(own);
      for (const set of [train, test]) {
        for (let index = 0; index < set.count; index++) expect(set.image(index)).toHaveLength(set.imageBytes);
      }
    });
  });

  it("pictures", async () => {
    const raw = { raw: { width: 6, height: 9, channels: 3 as const } };
    const picture = sharp(Buffer.alloc(6 * 9 * 3, 90), raw);
    const files = await Promise.all([
      picture.clone().png().toBuffer(),
      picture.clone().jpeg().toBuffer(),
      picture.clone().webp().toBuffer(),
      picture.clone().gif().toBuffer(),
    ]);
    const path = join(folder, "picture");
    await feed("pictures", damagedBytes(...files), async (bytes) => {
      writeFileSync(path, bytes);
      try {
        expect(await decodeImage(path, 4)).toHaveLength(48);
      } catch (error) {
        // No error of the data set: such a picture is listed and left out.
        if (!(error instanceof UnreadableImage)) throw error;
        throw new SmashError("data", { rule: "", found: error.message, fix: "" });
      }
    });
  });
});

describe("hostile image folders", () => {
  const name = fc.constantFrom(
    "train",
    "test",
    "cat",
    "dog",
    "..x",
    "a b",
    "é",
    "-rf",
    "a.png",
    "b.PNG",
    "c.txt",
  );
  const target = fc.constantFrom(
    ".",
    "..",
    "../..",
    "/",
    "/etc",
    "cat",
    "../cat",
    "../../outside",
    "loop",
    "a.png",
  );
  const entry = fc.record({
    way: fc.array(name, { minLength: 1, maxLength: 4 }),
    kind: fc.constantFrom("file", "folder", "link"),
    target,
  });

  const isLink = (path: string) => lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink();

  it("never lead outside, never hang, and are refused or read", async () => {
    mkdirSync(join(folder, "outside", "cat"), { recursive: true });
    writeFileSync(join(folder, "outside", "cat", "secret.png"), "secret");
    let number = 0;
    const runs = 1_500;
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { minLength: 1, maxLength: 8 }), async (entries) => {
        const root = join(folder, `root-${number++}`);
        mkdirSync(root);
        for (const { way, kind, target } of entries) {
          const path = join(root, ...way);
          try {
            // Through a link the machine's own folders would be written to.
            if (way.some((_, depth) => isLink(join(root, ...way.slice(0, depth))))) continue;
            mkdirSync(join(path, ".."), { recursive: true });
            if (kind === "file") writeFileSync(path, "x", { flag: "wx" });
            else if (kind === "folder") mkdirSync(path, { recursive: true });
            else symlinkSync(target, path);
          } catch {
            // Two entries of one name, or a folder where a file is.
          }
        }
        try {
          for (const { file } of (await scanFolder(root)).images) expect(isInside(root, file)).toBe(true);
        } catch (error) {
          expect(error).toMatchObject({ name: "SmashError", code: "data" });
        }
        rmSync(root, { recursive: true, force: true });
      }),
      { numRuns: runs, seed: 3 },
    );
  });
});
