/** Holds out training images for validation (SMASH section 4: 5,000 of CIFAR-10's 50,000). */

import { SmashError } from "../errors.js";
import { Random } from "../random.js";
import type { Dataset, ImageSet } from "./dataset.js";
import { selectImages } from "./image-set.js";

export interface SplitOptions {
  /** Images held out. Default 5,000, as in the paper. */
  readonly validationCount?: number;
  readonly seed: number;
}

export interface TrainSplit {
  readonly train: ImageSet;
  readonly validation: ImageSet;
  /** Positions of the validation images in the data set's training set, ascending. */
  readonly validationIndices: readonly number[];
}

/**
 * Both parts keep the order of the training set and are views of it; the choice depends on the seed and the counts only.
 * Throws `config` unless both parts get an image.
 */
export function splitTrain(dataset: Dataset, { validationCount = 5_000, seed }: SplitOptions): TrainSplit {
  const { count } = dataset.train;
  if (!Number.isInteger(validationCount) || validationCount < 1 || validationCount >= count) {
    throw new SmashError("config", {
      rule: `The validation images must be 1 … ${count - 1} of the ${count} training images of ${dataset.name}.`,
      found: `${validationCount}.`,
      fix: "choose another validation count.",
    });
  }
  const all = Array.from({ length: count }, (_, index) => index);
  const validationIndices = Random.stream(seed, "validation-split").subset(all, validationCount);
  const heldOut = new Set(validationIndices);
  return {
    train: selectImages(
      dataset.train,
      all.filter((index) => !heldOut.has(index)),
    ),
    validation: selectImages(dataset.train, validationIndices),
    validationIndices,
  };
}
