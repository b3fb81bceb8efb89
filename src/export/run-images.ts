/** The same images through the network itself and through a file of it. */

import { imagesInMemory, selectImages, type ChannelStatistics, type ImageSet } from "../data/index.js";
import { Random } from "../random.js";
import { noGrad, scope } from "../tensor/index.js";
import { loadBatch } from "../train/index.js";
import type { ExportableNetwork } from "./network-graph.js";
import type { OnnxSession } from "./onnx-session.js";

/** Images a batch. */
const batchSize = 64;

/** Logits [count, classes] of the network itself. */
export function runNetworkOn(
  network: ExportableNetwork,
  set: ImageSet,
  statistics: ChannelStatistics,
): Float32Array {
  const source = { set, size: network.input.size, statistics, device: "cpu" };
  return concatenate(
    batches(set).map(({ start, end }) => {
      const indices = Array.from({ length: end - start }, (_, index) => start + index);
      return scope(() =>
        noGrad(() => Float32Array.from(network.forward(loadBatch(source, indices).images).toNumbers())),
      );
    }),
  );
}

/** Logits [count, classes] of the file. */
export async function runSessionOn(
  session: OnnxSession,
  set: ImageSet,
  { signal }: { readonly signal?: AbortSignal | undefined } = {},
): Promise<Float32Array> {
  const parts: Float32Array[] = [];
  for (const { start, end } of batches(set)) {
    signal?.throwIfAborted();
    parts.push(await session.run(pixelsOf(set, start, end)));
  }
  return concatenate(parts);
}

/** Pixels of the images `start` … `end` - 1, one after the other: [end - start, channels, size, size] */
export function pixelsOf(set: ImageSet, start: number, end: number): Uint8Array {
  const pixels = new Uint8Array((end - start) * set.imageBytes);
  for (let index = start; index < end; index++)
    pixels.set(set.image(index), (index - start) * set.imageBytes);
  return pixels;
}

/** The first `count` images, or all. */
export function firstImages(set: ImageSet, count: number): ImageSet {
  const length = Math.min(count, set.count);
  return selectImages(
    set,
    Array.from({ length }, (_, index) => index),
  );
}

/** Where there is no data set: noise finds differences as well, but its labels mean nothing. */
export function noiseImages({ channels, size }: ExportableNetwork["input"], count: number): ImageSet {
  const random = Random.stream(0, "export-noise");
  const images = Uint8Array.from({ length: count * channels * size ** 2 }, () => random.integer(0, 255));
  return imagesInMemory(images, new Uint16Array(count));
}

function batches({ count }: ImageSet): readonly { readonly start: number; readonly end: number }[] {
  return Array.from({ length: Math.ceil(count / batchSize) }, (_, batch) => ({
    start: batch * batchSize,
    end: Math.min((batch + 1) * batchSize, count),
  }));
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const result = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    result.set(part, at);
    at += part.length;
  }
  return result;
}
