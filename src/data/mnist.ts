/**
 * MNIST and Fashion-MNIST: 60,000 training and 10,000 test images, grey, 28x28 in their files.
 *
 * They are loaded as 1x32x32 with two zero (black, the background's colour) pixels on each side: three blocks halve
 * the size twice, and every recipe for CIFAR then fits. Reading verifies the uncompressed content.
 */

import { SmashError } from "../errors.js";
import { parseIdx } from "./idx.js";
import { fetchMnistFile } from "./mnist-fetch.js";
import { fashionMnistFiles, locateMnistFile, mnistFiles, readMnistFile } from "./mnist-files.js";
import type { MnistFamily } from "./mnist-files.js";
import type { DatasetSource, ImageChunk } from "./source.js";

const fileSide = 28;
const border = 2;
export const mnistSize = fileSide + 2 * border;

export const mnist = mnistSource({
  name: "mnist",
  classes: ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
  files: mnistFiles,
  address: "https://ossci-datasets.s3.amazonaws.com/mnist/",
});

export const fashionMnist = mnistSource({
  name: "fashion-mnist",
  classes: [
    "T-shirt/top",
    "trouser",
    "pullover",
    "dress",
    "coat",
    "sandal",
    "shirt",
    "sneaker",
    "bag",
    "ankle boot",
  ],
  files: fashionMnistFiles,
  address: "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
  debian: { package: "dataset-fashion-mnist", folder: "/usr/share/datasets/fashion-mnist" },
});

/** A data set in the four files of this family. */
export function mnistSource(family: MnistFamily): DatasetSource {
  const files = Object.values(family.files);
  return {
    name: family.name,
    classes: family.classes,
    channels: 1,
    size: mnistSize,
    train: { count: 60_000 },
    test: { count: 10_000 },

    async locate(dataDir) {
      const paths: string[] = [];
      for (const file of files) {
        const path = await locateMnistFile(file, family, dataDir);
        if (path === undefined) return undefined;
        paths.push(path);
      }
      return paths;
    },

    async fetch(dataDir, options) {
      for (const file of files) await fetchMnistFile(file, { ...options, family, dataDir });
    },

    read: (dataDir) => readMnist(family, dataDir),
  };
}

async function* readMnist(family: MnistFamily, dataDir: string): AsyncGenerator<ImageChunk> {
  const { trainImages, trainLabels, testImages, testLabels } = family.files;
  const read = async (file: typeof trainImages) => {
    const { path, content } = await readMnistFile(file, family, dataDir);
    return { path, ...parseIdx(content, path) };
  };
  yield { part: "train", ...joinIdx(await read(trainImages), await read(trainLabels)) };
  yield { part: "test", ...joinIdx(await read(testImages), await read(testLabels)) };
}

interface IdxFile {
  readonly path: string;
  readonly dimensions: readonly number[];
  readonly values: Uint8Array;
}

/** Joins images [count, 28, 28] and labels [count]; throws `data` when they do not belong together. */
export function joinIdx(images: IdxFile, labels: IdxFile): Omit<ImageChunk, "part"> {
  const [count = 0] = labels.dimensions;
  const expected = `${count} x ${fileSide} x ${fileSide}`;
  const found = images.dimensions.join(" x ");
  if (labels.dimensions.length !== 1 || found !== expected) {
    throw mismatched(images.path, `${expected} pixels for the labels of ${labels.path}`, found);
  }
  const wrong = labels.values.findIndex((label) => label > 9);
  if (wrong >= 0) throw mismatched(labels.path, "labels 0 … 9", `label ${labels.values[wrong]} at ${wrong}`);
  return { pixels: padImages(images.values, count), labels: labels.values };
}

/** [count, 28, 28] -> [count, 1, 32, 32] */
function padImages(pixels: Uint8Array, count: number): Uint8Array {
  const padded = new Uint8Array(count * mnistSize * mnistSize);
  for (let image = 0; image < count; image++) {
    for (let row = 0; row < fileSide; row++) {
      const from = (image * fileSide + row) * fileSide;
      const to = (image * mnistSize + row + border) * mnistSize + border;
      padded.set(pixels.subarray(from, from + fileSide), to);
    }
  }
  return padded;
}

function mismatched(path: string, expected: string, found: string): SmashError {
  return new SmashError("data", {
    rule: `${path} must hold ${expected}.`,
    found: `${found}.`,
    fix: "fetch the data set again with `smash data fetch`.",
  });
}
