/** Batches on the device: images [N, C, H, W] channels-last and class indices [N]. */

import { fillBatch, type Augmentation, type ChannelStatistics, type ImageSet } from "../data/index.js";
import type { Random } from "../random.js";
import { fromArray, type Device, type Tensor } from "../tensor/index.js";

/** Images, and what is needed to turn them into batches. */
export interface ImageSource {
  readonly set: ImageSet;
  /** Height = width, pixels. */
  readonly size: number;
  /** Of the training images: every part of a data set is normalised alike. */
  readonly statistics: ChannelStatistics;
  readonly device: Device;
}

/** A batch on its device. */
export interface BatchTensors {
  readonly images: Tensor; // [N, C, H, W]
  readonly labels: Tensor; // [N]
  readonly count: number;
}

/** The images at `indices`, augmented when `random` is given with `augment`. */
export function loadBatch(
  source: ImageSource,
  indices: ArrayLike<number>,
  augmentation: { readonly augment?: Augmentation | undefined; readonly random?: Random } = {},
): BatchTensors {
  const { set, size, statistics, device } = source;
  const batch = fillBatch(set, indices, { ...statistics, layout: "nhwc", ...augmentation });
  const count = indices.length;
  const images = fromArray(batch.images, [count, size, size, statistics.mean.length], { device });
  return {
    images: images.permute([0, 3, 1, 2]),
    labels: fromArray(batch.labels, [count], { device }),
    count,
  };
}

/** The first `count` images (all by default) in batches, to be used again and again: scoring uses the same for everyone. */
export function loadBatches(
  source: ImageSource,
  batchSize: number,
  { count = source.set.count }: { readonly count?: number } = {},
): BatchTensors[] {
  const total = Math.min(count, source.set.count);
  const batches: BatchTensors[] = [];
  for (let start = 0; start < total; start += batchSize) {
    const length = Math.min(batchSize, total - start);
    batches.push(
      loadBatch(
        source,
        Array.from({ length }, (_, index) => start + index),
      ),
    );
  }
  return batches;
}
