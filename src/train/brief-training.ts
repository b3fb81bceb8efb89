/** The beginning of a normal training, with a schedule that ends with it. */

import { selectImages } from "../data/index.js";
import type { TrainableNetwork } from "../network/index.js";
import { NetworkTraining, type NetworkTrainingOptions } from "./network-training.js";

export interface BriefTrainingOptions extends Omit<NetworkTrainingOptions, "validation"> {
  readonly steps: number;
}

/** Trains on the first images, each at most once, for `steps` steps; for fewer where the images do not last. */
export function trainBriefly(
  network: TrainableNetwork,
  { steps, train, settings, ...options }: BriefTrainingOptions,
): NetworkTraining {
  // One epoch of so many images has just these steps, and the schedule ends with them.
  const count = Math.min(steps * settings.batchSize, train.set.count);
  const set = selectImages(
    train.set,
    Array.from({ length: count }, (_, index) => index),
  );
  const training = new NetworkTraining(network, {
    ...options,
    settings: { ...settings, epochs: 1, warmup: 0.1 },
    train: { ...train, set },
    validation: [],
  });
  while (training.step < training.steps) training.runStep();
  return training;
}
