/**
 * STL-10: 5,000 training and 8,000 test images, 3x96x96, ten classes. The 100,000 images without labels are not used.
 *
 * Pixels are published plane by plane, each column by column; labels count from 1.
 *
 * https://cs.stanford.edu/~acoates/stl10/
 */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { SmashError } from "../errors.js";
import { withTemporaryFolder } from "../files.js";
import { fetchArchive, membersOf, moveVerified } from "./archive.js";
import type { Archive } from "./archive.js";
import { locateFiles } from "./locate-files.js";
import type { DatasetSource, ImageChunk } from "./source.js";
import { foldFile, mostFoldBytes } from "./stl10-folds.js";
import { readVerified } from "./verify.js";
import type { PublishedFile } from "./verify.js";

const channels = 3;
const size = 96;
const plane = size * size;
const imageBytes = channels * plane;

const classes = [
  "airplane",
  "bird",
  "car",
  "cat",
  "deer",
  "dog",
  "horse",
  "monkey",
  "ship",
  "truck",
] as const;

interface Stl10Part {
  readonly images: PublishedFile;
  readonly labels: PublishedFile;
}

export interface Stl10Parts {
  readonly archive: Archive;
  readonly train: Stl10Part;
  readonly test: Stl10Part;
}

export const stl10 = stl10Source({
  archive: {
    url: "http://ai.stanford.edu/~acoates/stl10/stl10_binary.tar.gz",
    md5: "91f7769df0f17e558f3565bffb0c7dfb",
    folder: "stl10_binary",
  },
  train: {
    images: { name: "train_X.bin", bytes: 5_000 * imageBytes, md5: "918c2871b30a85fa023e0c44e0bee87f" },
    labels: { name: "train_y.bin", bytes: 5_000, md5: "5a34089d4802c674881badbb80307741" },
  },
  test: {
    images: { name: "test_X.bin", bytes: 8_000 * imageBytes, md5: "7f263ba9f9e0b06b93213547f721ac82" },
    labels: { name: "test_y.bin", bytes: 8_000, md5: "36f9794fa4beb8a2c72628de14fa638e" },
  },
});

export function stl10Source({ archive, train, test }: Stl10Parts): DatasetSource {
  const folderIn = (dataDir: string) => join(dataDir, "stl10");
  const files = [train.images, train.labels, test.images, test.labels];
  const dataset = "stl10";
  return {
    name: dataset,
    classes,
    channels,
    size,
    train: { count: train.labels.bytes },
    test: { count: test.labels.bytes },

    // The folds are needed only by who asks for one.
    locate: (dataDir) =>
      locateFiles(
        folderIn(dataDir),
        files.map(({ name }) => name),
      ),

    async fetch(dataDir, options) {
      const folder = folderIn(dataDir);
      options.onProgress?.({ kind: "source", dataset, from: archive.url });
      await withTemporaryFolder(folder, async (workFolder) => {
        const members = new Map([...membersOf(files), [foldFile, mostFoldBytes] as const]);
        await fetchArchive({ ...options, dataset, archive, members, keepFolder: folder, workFolder });
        const all = [...files, await foldFileIn(workFolder)];
        await moveVerified(all, { from: workFolder, to: folder, dataset });
      });
    },

    async *read(dataDir): AsyncGenerator<ImageChunk> {
      for (const part of ["train", "test"] as const) {
        yield { part, ...(await readPart({ train, test }[part], folderIn(dataDir))) };
      }
    },
  };
}

/** Nothing is published of it, not even its size: it came out of a verified archive. */
async function foldFileIn(folder: string): Promise<PublishedFile> {
  return { name: foldFile, bytes: (await stat(join(folder, foldFile))).size };
}

async function readPart({ images, labels }: Stl10Part, folder: string): Promise<Omit<ImageChunk, "part">> {
  const path = join(folder, labels.name);
  const numbers = await readVerified(labels, { path, dataset: "stl10" });
  const found = parseStl10Labels(numbers, path);
  const imagePath = join(folder, images.name);
  const pixels = await readVerified(images, { path: imagePath, dataset: "stl10" });
  return { pixels: transposePlanes(pixels, imagePath), labels: found };
}

/** 1 … 10 -> 0 … 9 */
export function parseStl10Labels(numbers: Uint8Array, path: string): Uint8Array {
  const wrong = numbers.findIndex((number) => number < 1 || number > classes.length);
  if (wrong >= 0) throw malformed(path, "labels 1 … 10", `label ${numbers[wrong]} at ${wrong}`);
  return numbers.map((number) => number - 1);
}

/** [n, 3, columns, rows] -> [n, 3, rows, columns] */
export function transposePlanes(content: Uint8Array, path: string): Uint8Array {
  if (content.length % imageBytes !== 0) {
    throw malformed(path, `whole images of ${imageBytes} bytes`, `${content.length} bytes`);
  }
  const pixels = new Uint8Array(content.length);
  for (let start = 0; start < content.length; start += plane) {
    for (let x = 0; x < size; x++) {
      for (let y = 0; y < size; y++) pixels[start + y * size + x] = content[start + x * size + y];
    }
  }
  return pixels;
}

function malformed(path: string, expected: string, found: string): SmashError {
  return new SmashError("data", {
    rule: `The STL-10 file ${path} must have ${expected}.`,
    found: `${found}.`,
    fix: "`smash data fetch stl10` fetches it again.",
  });
}
