/** Fills a batch: plain arrays, normalised and augmented, in the memory order the engine wants. */

import { SmashError } from "../errors.js";
import type { Random } from "../random.js";
import { drawPlacement, unchanged } from "./augment.js";
import type { Augmentation } from "./augment.js";
import { cutOut } from "./cutout.js";
import type { ImageSet } from "./dataset.js";
import { normalizationTable } from "./normalize.js";
import type { ChannelStatistics } from "./normalize.js";
import { randAugment } from "./rand-augment.js";
import { writeImage } from "./write-image.js";
import type { MemoryLayout } from "./write-image.js";

export interface Batch {
  /** In the order of the layout asked for. */
  readonly images: Float32Array; // [N, C, H, W] or [N, H, W, C]
  /** Class indices, in the type cross-entropy wants. */
  readonly labels: BigInt64Array; // [N]
}

/** Mean and deviation of each channel, for pixels scaled to 0 … 1: see `channelStatistics`. */
export interface FillOptions extends ChannelStatistics {
  /** Memory order; "nhwc" is what libtorch calls channels last. */
  readonly layout: MemoryLayout;
  /** Default: images as they are. */
  readonly augment?: Augmentation | undefined;
  /** Needed with `augment`; three draws an image, and forks for the options. */
  readonly random?: Random | undefined;
  /** Arrays of exactly this batch's length to write into instead of new ones. */
  readonly out?: Batch | undefined;
}

/** The images at `indices`, in that order. Throws `shape` when set, statistics and `out` do not fit together. */
export function fillBatch(set: ImageSet, indices: ArrayLike<number>, options: FillOptions): Batch {
  const { augment, random, layout } = options;
  const { channels, size, length } = imageShape(set, options);
  const count = indices.length;
  const batch = options.out ?? emptyBatch(count, length);
  if (batch.images.length !== count * length || batch.labels.length !== count) {
    throw misfit(
      `\`out\` must have room for exactly ${count} images of ${length} values.`,
      `${batch.images.length} values, ${batch.labels.length} labels.`,
    );
  }
  if (augment && !random) throw misfit("`augment` needs `random`.", "none.");
  const format = { channels, size, layout, table: normalizationTable(options) };
  for (let position = 0; position < count; position++) {
    const index = indices[position];
    if (!(index >= 0 && index < set.count))
      throw misfit(`Indices must be 0 … ${set.count - 1}.`, `${index}.`);
    const values = batch.images.subarray(position * length, (position + 1) * length);
    const placement = augment && random ? drawPlacement(random, augment) : unchanged;
    const options = augment?.randAugment;
    const image =
      options && random
        ? randAugment(set.image(index), options, {
            ...{ channels, size, random: random.fork("randAugment", position) },
          })
        : set.image(index);
    writeImage(image, values, { ...format, placement });
    if (augment?.cutout && random) {
      const fork = random.fork("cutout", position);
      cutOut(values, augment.cutout, { channels, size, layout, random: fork });
    }
    batch.labels[position] = BigInt(set.labels[index]);
  }
  return batch;
}

function emptyBatch(count: number, length: number): Batch {
  return { images: new Float32Array(count * length), labels: new BigInt64Array(count) };
}

function imageShape(set: ImageSet, { mean, std }: ChannelStatistics) {
  const channels = mean.length;
  const length = set.imageBytes;
  const size = Math.sqrt(length / channels);
  if (!Number.isInteger(size) || std.length !== channels) {
    throw misfit(
      "`mean` and `std` must have one value for each channel of square images.",
      `${channels} and ${std.length} values for images of ${length} bytes.`,
    );
  }
  return { channels, size, length };
}

function misfit(rule: string, found: string): SmashError {
  return new SmashError("shape", {
    rule,
    found,
    fix: "pass what belongs to this image set (see FillOptions).",
  });
}
