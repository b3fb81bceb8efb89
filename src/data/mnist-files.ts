/** The four files of MNIST and of Fashion-MNIST: what is published of them, where they may lie, how they are read. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { SmashError } from "../errors.js";
import { fileSize } from "../files.js";
import { unpack } from "./idx.js";
import { verifyContent } from "./verify.js";
import type { PublishedFile } from "./verify.js";

type MnistPart = "trainImages" | "trainLabels" | "testImages" | "testLabels";

export type MnistFiles = Readonly<Record<MnistPart, PublishedFile>>;

export interface MnistFamily {
  readonly name: string;
  readonly classes: readonly string[];
  readonly files: MnistFiles;
  /** Folder on the web that holds the files as NAME.gz; ends in a slash. */
  readonly address: string;
  /** Debian's package of the same files, and where it puts them. */
  readonly debian?: { readonly package: string; readonly folder: string };
}

/** Sizes follow from the format: a header, then 28x28 bytes an image or one byte a label. */
function publishedFiles(md5: Readonly<Record<MnistPart, string>>): MnistFiles {
  return {
    trainImages: { name: "train-images-idx3-ubyte", bytes: 16 + 60_000 * 784, md5: md5.trainImages },
    trainLabels: { name: "train-labels-idx1-ubyte", bytes: 8 + 60_000, md5: md5.trainLabels },
    testImages: { name: "t10k-images-idx3-ubyte", bytes: 16 + 10_000 * 784, md5: md5.testImages },
    testLabels: { name: "t10k-labels-idx1-ubyte", bytes: 8 + 10_000, md5: md5.testLabels },
  };
}

export const mnistFiles = publishedFiles({
  trainImages: "6bbc9ace898e44ae57da46a324031adb",
  trainLabels: "a25bea736e30d166cdddb491f175f624",
  testImages: "2646ac647ad5339dbf082846283269ea",
  testLabels: "27ae3e4e09519cfbb04c329615203637",
});

export const fashionMnistFiles = publishedFiles({
  trainImages: "f4a8712d7a061bf5bd6d2ca38dc4d50a",
  trainLabels: "9018921c3c673c538a1fc5bad174d6f9",
  testImages: "8181f5470baa50b63fa0f6fddb340f0a",
  testLabels: "15d484375f8d13e6eb1aabb0c3f46965",
});

/** The first place where the file lies: the data folder, plain or as .gz, then Debian's; undefined when nowhere. */
export async function locateMnistFile(
  file: PublishedFile,
  family: MnistFamily,
  dataDir: string,
): Promise<string | undefined> {
  const own = join(dataDir, family.name, file.name);
  const places = [own, `${own}.gz`];
  if (family.debian) places.push(join(family.debian.folder, `${file.name}.gz`));
  for (const place of places) {
    if ((await fileSize(place)) !== undefined) return place;
  }
  return undefined;
}

/** The uncompressed content, verified. Throws `data` when the file is missing, truncated or altered. */
export async function readMnistFile(
  file: PublishedFile,
  family: MnistFamily,
  dataDir: string,
): Promise<{ readonly path: string; readonly content: Uint8Array }> {
  const path = await locateMnistFile(file, family, dataDir);
  if (path === undefined) {
    throw new SmashError("data", {
      rule: `The data set ${family.name} needs the file ${file.name}.`,
      found: `no such file, plain or .gz, in ${join(dataDir, family.name)}.`,
      fix: `\`smash data fetch ${family.name}\` fetches it.`,
    });
  }
  return { path, content: await readPublished(path, file, family.name) };
}

/** The uncompressed content of the plain or gzip file at `path`, verified. */
export async function readPublished(path: string, file: PublishedFile, dataset: string): Promise<Uint8Array> {
  const limit = file.bytes + 1024;
  const size = await fileSize(path);
  // Neither form of the file is larger than its content and a header: a larger one is not even read.
  if (size !== undefined && size > limit) {
    throw new SmashError("data", {
      rule: `${path} must hold at most ${limit} bytes.`,
      found: `${size} bytes: the file is not the published one.`,
      fix: `\`smash data fetch ${dataset}\` fetches it again; or delete it.`,
    });
  }
  const content = await unpack(await readFile(path), { path, maxBytes: file.bytes });
  verifyContent(content, file, { path, dataset });
  return content;
}
