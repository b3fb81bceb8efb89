import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collectChunks } from "./chunks.fixture.js";
import type { Dataset } from "./dataset.js";
import { imagesInMemory } from "./image-set.js";
import { foldOf, parseFolds, selectFold } from "./stl10-folds.js";
import { stl10, stl10Source } from "./stl10.js";
import { md5Of } from "./verify.js";

let base: string;
let dataDir: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "smash-stl10-"));
  dataDir = join(base, "data");
});
afterEach(() => rm(base, { recursive: true, force: true }));

const plane = 96 * 96;

/** Pixel (y, x) of channel c is y in the left half and 200 + c in the right one; stored column by column. */
function images(count: number): Uint8Array {
  return Uint8Array.from({ length: count * 3 * plane }, (_, at) => {
    const [x, y] = [Math.floor((at % plane) / 96), at % 96];
    return x < 48 ? y : 200 + (Math.floor(at / plane) % 3);
  });
}

/** Ten lines of 1,000 numbers below 5,000, fold f beginning at 400 f. */
const foldText = Array.from(
  { length: 10 },
  (_, fold) => `${Array.from({ length: 1_000 }, (_, index) => (400 * fold + index) % 5_000).join(" ")} \n`,
).join("");

describe("STL-10", () => {
  async function made() {
    const contents = {
      "train_X.bin": images(2),
      "train_y.bin": Uint8Array.of(1, 10),
      "test_X.bin": images(1),
      "test_y.bin": Uint8Array.of(3),
    };
    const inside = join(base, "made", "stl10_binary");
    await mkdir(inside, { recursive: true });
    for (const [name, content] of Object.entries(contents)) await writeFile(join(inside, name), content);
    await writeFile(join(inside, "fold_indices.txt"), foldText);
    await writeFile(join(inside, "unlabeled_X.bin"), "not wanted");
    const folder = join(dataDir, "stl10");
    await mkdir(folder, { recursive: true });
    const path = join(folder, "stl10_binary.tar.gz");
    await create({ file: path, cwd: join(base, "made"), gzip: true }, ["stl10_binary"]);
    const published = (name: keyof typeof contents) => {
      return { name, bytes: contents[name].length, md5: md5Of(contents[name]) };
    };
    return stl10Source({
      archive: {
        url: "http://127.0.0.1:1/stl10_binary.tar.gz",
        md5: md5Of(await readFile(path)),
        folder: "stl10_binary",
      },
      train: { images: published("train_X.bin"), labels: published("train_y.bin") },
      test: { images: published("test_X.bin"), labels: published("test_y.bin") },
    });
  }

  it("is unpacked and turned from columns to rows, labels from 0", async () => {
    const source = await made();
    await source.fetch(dataDir, {});
    const { train, test } = await collectChunks(source.read(dataDir));
    expect([[...train.labels], [...test.labels]]).toEqual([[0, 9], [2]]);
    const image = train.image(1);
    for (const [y, x, channel] of [
      [0, 0, 0],
      [7, 47, 1],
      [95, 3, 2],
      [7, 48, 1],
      [95, 95, 2],
    ]) {
      expect(image[channel * plane + y * 96 + x]).toBe(x < 48 ? y : 200 + channel);
    }
    expect(await readdir(join(dataDir, "stl10"))).not.toContain("unlabeled_X.bin");
  });

  it("is published with 5,000 and 8,000 images", () => {
    expect([stl10.train.count, stl10.test.count, stl10.size]).toEqual([5_000, 8_000, 96]);
  });
});

describe("the folds of STL-10", () => {
  it("choose their training images and leave the test images alone", async () => {
    const one = (count: number) =>
      imagesInMemory(
        Uint8Array.from({ length: count }, (_, index) => index & 255),
        new Uint8Array(count),
      );
    const dataset: Dataset = {
      name: "stl10",
      classes: ["a"],
      channels: 1,
      size: 1,
      train: one(5_000),
      test: one(3),
    };
    await mkdir(join(dataDir, "stl10"), { recursive: true });
    await expect(selectFold(dataset, 2, dataDir)).rejects.toThrow(/fold_indices\.txt.*no such file/);
    await writeFile(join(dataDir, "stl10", "fold_indices.txt"), foldText);
    const fold = await selectFold(dataset, 2, dataDir);
    expect([fold.name, fold.train.count, fold.test.count]).toEqual(["stl10:2", 1_000, 3]);
    expect(fold.train.image(1)[0]).toBe(801 & 255);
  });

  it.each([
    ["too few lines", foldText.slice(0, 10_000)],
    ["an index that is none", foldText.replace("800", "5000")],
    ["an index twice", foldText.replace(" 2 ", " 3 ")],
    ["a word", foldText.replace(" 2 ", " two ")],
  ])("with %s are refused", (_, text) => {
    expect(() => parseFolds(text, { path: "f", count: 5_000 })).toThrow(/STL-10/);
  });

  it("are named stl10:0 to stl10:9", () => {
    expect(["stl10:0", "stl10:9", "stl10:10", "stl10", "stl10:x"].map(foldOf)).toEqual([
      0,
      9,
      undefined,
      undefined,
      undefined,
    ]);
  });
});
