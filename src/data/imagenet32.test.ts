import { execFileSync, spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { collectChunks } from "./chunks.fixture.js";
import { imagenet32, imagenet32Source } from "./imagenet32.js";
import { Npz } from "./npz.js";
import { makeNpy, makeZip } from "./npz.fixture.js";

let dataDir: string;
let folder: string;
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "smash-imagenet-"));
  folder = join(dataDir, "imagenet32");
  await mkdir(folder);
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const source = imagenet32Source({
  trainFiles: ["a.npz", "b.npz"],
  testFile: "val.npz",
  train: { count: 5_000 },
  test: { count: 2 },
});

/** Image i of a file is filled with `shade` + i. */
function batch(
  count: number,
  shade: number,
  { labelAt = (index: number) => 1 + (index % 1_000) } = {},
): Buffer {
  const pixels = Buffer.alloc(count * 3072);
  for (let index = 0; index < count; index++) pixels.fill(shade + index, index * 3072, (index + 1) * 3072);
  const labels = Buffer.alloc(8 * count);
  for (let index = 0; index < count; index++) labels.writeBigInt64LE(BigInt(labelAt(index)), 8 * index);
  return makeZip([
    { name: "data.npy", content: makeNpy("|u1", [count, 3072], pixels), deflate: true },
    { name: "labels.npy", content: makeNpy("<i8", [count], labels), deflate: true },
    { name: "mean.npy", content: makeNpy("<f8", [1], Buffer.alloc(8)) },
  ]);
}

async function writeAll(): Promise<void> {
  await writeFile(join(folder, "a.npz"), batch(4_500, 0));
  await writeFile(join(folder, "b.npz"), batch(500, 7));
  await writeFile(join(folder, "val.npz"), batch(2, 9));
}

describe("ImageNet 32x32", () => {
  it("is read from its npz files, labels from 0", async () => {
    await writeAll();
    expect(await source.locate(dataDir)).toHaveLength(3);
    const { train, test } = await collectChunks(source.read(dataDir));
    expect([train.count, test.count, train.imageBytes]).toEqual([5_000, 2, 3072]);
    // A file is handed on in chunks of 4,096 images, with the labels of each.
    const labels = [0, 999, 1_000, 4_096, 4_499].map((index) => train.labels[index]);
    expect(labels).toEqual([0, 999, 0, 96, 499]);
    expect([train.image(4_099)[0], train.image(4_500)[3071], test.image(1)[5]]).toEqual([4_099 & 255, 7, 10]);
  });

  it("with an image too few or too many is refused", async () => {
    await writeAll();
    await writeFile(join(folder, "b.npz"), batch(499, 0));
    await expect(collectChunks(source.read(dataDir))).rejects.toThrow(/5000 training images.*4999/);
    await writeFile(join(folder, "b.npz"), batch(501, 0));
    await expect(collectChunks(source.read(dataDir))).rejects.toThrow(/n at most 500.*501/);
  });

  it("with labels that are none is refused", async () => {
    await writeAll();
    await writeFile(join(folder, "b.npz"), batch(500, 0, { labelAt: (index) => (index === 3 ? 0 : 1) }));
    await expect(collectChunks(source.read(dataDir))).rejects.toThrow(/labels 1 … 1000.*label 0 at 3/);
  });

  it("that is altered is found by the archive's checksum", async () => {
    await writeAll();
    const content = batch(500, 0);
    content.writeUInt32LE(1, content.indexOf("PK\x01\x02") + 16);
    await writeFile(join(folder, "b.npz"), content);
    await expect(collectChunks(source.read(dataDir))).rejects.toThrow(/b\.npz.*(checksum|crc)/i);
  });

  it("in pickles is refused, with the reason and how to convert", async () => {
    await writeFile(join(folder, "train_data_batch_1"), "");
    await writeFile(join(folder, "val_data"), "");
    const work = imagenet32.fetch(dataDir, {});
    await expect(work).rejects.toMatchObject({ code: "data" });
    await expect(work).rejects.toThrow(/train_data_batch_1, val_data.*run code.*pickle\.load.*numpy\.savez/);
    await expect(source.fetch(join(dataDir, "none"), {})).rejects.toThrow(/behind a login/);
  });
});

describe("an npz archive", () => {
  const open = async (content: Uint8Array) => {
    const path = join(folder, "some.npz");
    await writeFile(path, content);
    return Npz.open(path);
  };

  // Debian's belongs to its own Python, which need not be the first on the path.
  const python = ["python3", "/usr/bin/python3"].find(
    (candidate) => spawnSync(candidate, ["-c", "import numpy"]).status === 0,
  );
  const reason = python ? "" : " (skipped: python3 has no numpy)";

  it.skipIf(!python)(`of NumPy itself is read${reason}`, async () => {
    const script =
      "import numpy, sys; numpy.savez_compressed(sys.argv[1], data=numpy.arange(12, dtype='u1').reshape(3, 4))";
    const path = join(folder, "real.npz");
    execFileSync(python!, ["-c", script, path]);
    const file = await Npz.open(path);
    const { header, chunks } = await file.array("data");
    expect(header).toMatchObject({ kind: "u", itemBytes: 1, shape: [3, 4] });
    const bytes: number[] = [];
    for await (const chunk of chunks) bytes.push(...chunk);
    expect(bytes).toEqual(Array.from({ length: 12 }, (_, index) => index));
    file.close();
  });

  it.each(["../data.npy", "/data.npy", "a\\..\\data.npy"])("with the name %s is refused", async (name) => {
    const content = makeZip([{ name, content: makeNpy("|u1", [1], Buffer.alloc(1)) }]);
    await expect(open(content)).rejects.toMatchObject({ code: "data" });
  });

  it("of pickled objects is refused, with the reason", async () => {
    const file = await open(makeZip([{ name: "data.npy", content: makeNpy("|O", [1], Buffer.alloc(1)) }]));
    await expect(file.array("data")).rejects.toThrow(/pickled Python objects.*numpy\.savez/);
    file.close();
  });

  it("that unpacks to more than it says is stopped there", async () => {
    const content = makeZip([
      { name: "data.npy", content: makeNpy("|u1", [1_000_000], Buffer.alloc(1_000_000)), deflate: true },
    ]);
    const entry = content.indexOf("PK\x01\x02");
    content.writeUInt32LE(makeNpy("|u1", [1_000_000], Buffer.alloc(100)).length, entry + 24);
    const file = await open(content);
    await expect(file.array("data")).rejects.toMatchObject({ code: "data" });
    file.close();
  });
});
