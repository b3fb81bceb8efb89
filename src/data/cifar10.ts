/** CIFAR-10: 50,000 training and 10,000 test images, 3x32x32. */

import { join } from "node:path";
import type { Archive } from "./archive.js";
import { fetchCifar10 } from "./cifar10-fetch.js";
import {
  cifar10Classes,
  cifar10Files,
  cifar10Format,
  cifarChannels,
  cifarSize,
  readRecords,
} from "./cifar10-files.js";
import { locateFiles } from "./locate-files.js";
import type { DatasetSource, ImageChunk } from "./source.js";
import { readVerified } from "./verify.js";
import type { PublishedFile } from "./verify.js";

const officialArchive: Archive = {
  url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
  md5: "c32a1d4ab5d03f1284b67883e8d87530",
  folder: "cifar-10-batches-bin",
};

export const cifar10: DatasetSource = {
  name: "cifar10",
  classes: cifar10Classes,
  channels: cifarChannels,
  size: cifarSize,
  train: { count: 50_000 },
  test: { count: 10_000 },

  locate: (dataDir) =>
    locateFiles(
      join(dataDir, "cifar10"),
      cifar10Files.map(({ name }) => name),
    ),

  fetch: (dataDir, options) =>
    fetchCifar10(join(dataDir, "cifar10"), { ...options, archive: officialArchive, files: cifar10Files }),

  read: (dataDir) => readCifar10(join(dataDir, "cifar10"), cifar10Files),
};

/**
 * Reads `files`, of which the last holds the test images, one after the other. Throws `data` when one is missing,
 * truncated or altered.
 */
export async function* readCifar10(
  folder: string,
  files: readonly PublishedFile[],
): AsyncGenerator<ImageChunk> {
  for (const file of files) {
    const path = join(folder, file.name);
    const content = await readVerified(file, { path, dataset: "cifar10" });
    yield { part: file === files.at(-1) ? "test" : "train", ...readRecords(content, path, cifar10Format) };
  }
}
