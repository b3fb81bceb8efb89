import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { defaultDataDir } from "./data-dir.js";
import type { MnistFamily } from "./mnist-files.js";
import { collectChunks } from "./chunks.fixture.js";
import { fashionMnist, joinIdx, mnistSource } from "./mnist.js";
import { md5Of } from "./verify.js";
import type { PublishedFile } from "./verify.js";

function idx(dimensions: readonly number[]): Uint8Array {
  const count = dimensions.reduce((product, length) => product * length, 1);
  const header = Buffer.from([
    0,
    0,
    8,
    dimensions.length,
    ...dimensions.flatMap((length) => [0, 0, 0, length]),
  ]);
  const values = Uint8Array.from({ length: count }, (_, at) =>
    dimensions.length === 1 ? at % 10 : 1 + (at % 255),
  );
  return Buffer.concat([header, values]);
}

const contents = new Map<string, Uint8Array>([
  ["train-images", idx([5, 28, 28])],
  ["train-labels", idx([5])],
  ["test-images", idx([2, 28, 28])],
  ["test-labels", idx([2])],
]);

function published(name: string): PublishedFile {
  const content = contents.get(name)!;
  return { name, bytes: content.length, md5: md5Of(content) };
}

const family: MnistFamily = {
  name: "toy",
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  files: {
    trainImages: published("train-images"),
    trainLabels: published("train-labels"),
    testImages: published("test-images"),
    testLabels: published("test-labels"),
  },
  address: "http://127.0.0.1:1/",
};

let dataDir: string;
let own: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "smash-mnist-"));
  own = join(dataDir, "toy");
});

afterEach(() => rm(dataDir, { recursive: true, force: true }));

async function writeFiles(folder: string, form: "plain" | "gz"): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of contents) {
    if (form === "plain") await writeFile(join(folder, name), content);
    else await writeFile(join(folder, `${name}.gz`), gzipSync(content));
  }
}

describe("the MNIST family", () => {
  it.each(["plain", "gz"] as const)(
    "loads %s files, padded with zeros from 28 to 32 pixels",
    async (form) => {
      await writeFiles(own, form);
      const source = mnistSource(family);
      const { train, test } = await collectChunks(source.read(dataDir));
      expect([source.channels, source.size, train.count, test.count]).toEqual([1, 32, 5, 2]);
      expect([...train.labels]).toEqual([0, 1, 2, 3, 4]);
      const pixels = contents.get("train-images")!.subarray(16);
      for (let image = 0; image < 5; image++) {
        for (let y = 0; y < 32; y++) {
          for (let x = 0; x < 32; x++) {
            const inside = y >= 2 && y < 30 && x >= 2 && x < 30;
            const expected = inside ? pixels[(image * 28 + y - 2) * 28 + x - 2] : 0;
            if (train.image(image)[y * 32 + x] !== expected) expect.fail(`pixel ${image} ${y} ${x}`);
          }
        }
      }
    },
  );

  it("finds Debian's files without any in the data folder", async () => {
    const folder = join(dataDir, "debian");
    await writeFiles(folder, "gz");
    const source = mnistSource({ ...family, debian: { package: "dataset-toy", folder } });
    expect(await source.locate(dataDir)).toContain(join(folder, "test-labels.gz"));
    expect((await collectChunks(source.read(dataDir))).train.count).toBe(5);
  });

  it("refuses an altered file, with both sums, and a file far too large", async () => {
    await writeFiles(own, "plain");
    const altered = contents.get("train-labels")!.map((byte, at) => (at === 9 ? 7 : byte));
    await writeFile(join(own, "train-labels"), altered);
    const source = mnistSource(family);
    await expect(collectChunks(source.read(dataDir))).rejects.toThrow(family.files.trainLabels.md5);
    await expect(collectChunks(source.read(dataDir))).rejects.toThrow(md5Of(altered));
    await writeFile(join(own, "train-labels"), Buffer.alloc(100_000));
    await expect(collectChunks(source.read(dataDir))).rejects.toThrow(/train-labels.*100000 bytes/);
  });

  it("says which file is missing and how to get it", async () => {
    await expect(collectChunks(mnistSource(family).read(dataDir))).rejects.toThrow(
      /train-images.*smash data fetch toy/,
    );
  });

  it("refuses images and labels that do not belong together", () => {
    const images = { path: "i", dimensions: [2, 28, 28], values: new Uint8Array(2 * 784) };
    const labels = (values: number[]) => ({
      path: "l",
      dimensions: [values.length],
      values: Uint8Array.from(values),
    });
    expect(() => joinIdx(images, labels([1]))).toThrow(/1 x 28 x 28.*2 x 28 x 28/);
    expect(() => joinIdx({ ...images, dimensions: [2, 784] }, labels([1, 2]))).toThrow(/2 x 784/);
    expect(() => joinIdx(images, labels([1, 10]))).toThrow(/label 10 at 1/);
  });

  it("fetches only what is missing or altered, from Debian's copy or from the web", async () => {
    const folder = join(dataDir, "debian");
    await mkdir(folder);
    await writeFile(join(folder, "train-images.gz"), gzipSync(contents.get("train-images")!));
    await mkdir(own);
    await writeFile(join(own, "train-images"), "altered");
    await writeFile(join(own, "test-labels.gz"), gzipSync(contents.get("test-labels")!));
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(request.url!);
      response.end(gzipSync(contents.get(request.url!.slice(1, -3))!));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const source = mnistSource({ ...family, address, debian: { package: "dataset-toy", folder } });
    await source.fetch(dataDir, {});
    server.close();
    expect(asked).toEqual(["/train-labels.gz", "/test-images.gz"]);
    expect((await collectChunks(source.read(dataDir))).train.count).toBe(5);
    expect((await readdir(dataDir)).sort()).toEqual(["debian", "toy"]);
  });

  it("says what to install or where to put the files when nothing can be reached", async () => {
    const debian = { package: "dataset-toy", folder: join(dataDir, "nowhere") };
    const work = mnistSource({ ...family, debian }).fetch(dataDir, {});
    await expect(work).rejects.toMatchObject({ code: "network" });
    await expect(work).rejects.toThrow(/127\.0\.0\.1:1\/train-images\.gz.*apt install dataset-toy.*toy/);
  });
});

const present = (await fashionMnist.locate(defaultDataDir())) !== undefined;
const reason = present ? "" : " (skipped: not there; `apt install dataset-fashion-mnist`)";

describe("the real Fashion-MNIST", () => {
  it.skipIf(!present)(`has the published content and equally frequent classes${reason}`, async () => {
    const { train, test } = await collectChunks(fashionMnist.read(defaultDataDir()));
    expect([train.count, test.count]).toEqual([60_000, 10_000]);
    const perClass = new Array<number>(10).fill(0);
    for (const label of train.labels) perClass[label]++;
    expect(perClass).toEqual(new Array<number>(10).fill(6_000));
  });
});
