/**
 * CIFAR-10: 50,000 training and 10,000 test images, 3x32x32. Every load verifies the files: it takes about a second for
 * 184 MB, of which 0.4 s are MD5.
 */

import { join } from "node:path";
import { fileSize } from "../files.js";
import { fetchCifar10 } from "./cifar10-fetch.js";
import {
  cifar10Classes,
  cifar10Files,
  cifarChannels,
  cifarSize,
  readRecords,
  recordBytes,
} from "./cifar10-files.js";
import { officialArchive } from "./cifar10-official.js";
import type { Dataset, ImageSet } from "./dataset.js";
import type { DatasetSource } from "./source.js";
import { readVerified } from "./verify.js";
import type { PublishedFile } from "./verify.js";

export const cifar10: DatasetSource = {
  name: "cifar10",
  classes: cifar10Classes,
  images: 60_000,

  async isPresent(dataDir) {
    for (const file of cifar10Files) {
      if ((await fileSize(join(dataDir, "cifar10", file.name))) === undefined) return false;
    }
    return true;
  },

  fetch: (dataDir, options) =>
    fetchCifar10(join(dataDir, "cifar10"), { ...options, archive: officialArchive, files: cifar10Files }),

  load: (dataDir) => loadCifar10(join(dataDir, "cifar10"), cifar10Files),
};

/** Reads `files`, of which the last holds the test images. Throws `data` when one is missing, truncated or altered. */
export async function loadCifar10(folder: string, files: readonly PublishedFile[]): Promise<Dataset> {
  return {
    name: "cifar10",
    classes: cifar10Classes,
    channels: cifarChannels,
    size: cifarSize,
    train: await readSet(folder, files.slice(0, -1)),
    test: await readSet(folder, files.slice(-1)),
  };
}

/** One file after the other, so that besides the result only one file is in memory. */
async function readSet(folder: string, files: readonly PublishedFile[]): Promise<ImageSet> {
  const count = files.reduce((sum, file) => sum + file.bytes, 0) / recordBytes;
  const images = new Uint8Array(count * (recordBytes - 1));
  const labels = new Uint8Array(count);
  let first = 0;
  for (const file of files) {
    const path = join(folder, file.name);
    readRecords(await readVerified(file, { path, dataset: "cifar10" }), path, { images, labels, first });
    first += file.bytes / recordBytes;
  }
  return { images, labels, count };
}
