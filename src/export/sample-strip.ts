/** A dozen test images side by side, for the page. */

import { interleave, type ImageSet } from "../data/index.js";

export interface SampleStrip {
  /** PNG, as high as one image. */
  readonly png: Uint8Array;
  /** Class of each image. */
  readonly labels: readonly number[];
}

const sampleCount = 12;

/** The first images of the set that show every class about equally often. */
export function chooseSamples({ labels }: ImageSet, classes: number): readonly number[] {
  const limit = Math.ceil(sampleCount / classes);
  const seen = new Map<number, number>();
  const rounds: number[][] = Array.from({ length: limit }, () => []);
  for (const [index, label] of labels.entries()) {
    const round = seen.get(label) ?? 0;
    seen.set(label, round + 1);
    rounds.at(round < limit ? round : rounds.length)?.push(index);
  }
  return rounds.flat().slice(0, sampleCount);
}

/** The images at `indices`, [channels, size, size] each, as one picture. */
export async function drawStrip(
  { image, labels }: ImageSet,
  indices: readonly number[],
  { channels, size }: { readonly channels: number; readonly size: number },
): Promise<SampleStrip> {
  const { default: sharp } = await import("sharp");
  const width = size * indices.length;
  const row = size * channels;
  const pixels = new Uint8Array(width * row); // [size, width, channels]
  for (const [position, index] of indices.entries()) {
    const own = interleave(image(index), channels); // [size, size, channels]
    for (let y = 0; y < size; y++) {
      pixels.set(own.subarray(y * row, (y + 1) * row), (y * indices.length + position) * row);
    }
  }
  const raw = { width, height: size, channels: channels as 1 | 3 };
  const png = await sharp(pixels, { raw }).png().toBuffer();
  return { png, labels: indices.map((index) => labels[index]) };
}
