/** The error after a hundred steps of normal training: the plainest way to rank, and by far the dearest one here. */

import type { ImageSet } from "../../data/index.js";
import { createNetwork } from "../../network/index.js";
import { scope } from "../../tensor/index.js";
import { NetworkTraining } from "../../train/index.js";
import type { Proxy } from "./proxy.js";

const steps = 100;

export const shortTrainingProxy: Proxy = {
  name: "short-training",
  score: (architecture, { train, validation, networkTraining, seed, computeType }) =>
    scope(() => {
      const network = createNetwork(architecture, { seed, device: train.device });
      const { batchSize } = networkTraining;
      // One epoch of so many images has just these steps, and the schedule ends with them.
      const set = firstImages(train.set, steps * batchSize);
      const settings = { ...networkTraining, epochs: 1, warmup: 0.1 };
      const training = new NetworkTraining(network, {
        settings,
        train: { ...train, set },
        validation,
        seed,
        computeType,
      });
      while (training.step < training.steps) training.runStep();
      return training.evaluate(validation).error;
    }),
};

function firstImages(set: ImageSet, most: number): ImageSet {
  const count = Math.min(most, set.count);
  const bytes = set.images.length / set.count;
  return { images: set.images.subarray(0, count * bytes), labels: set.labels.subarray(0, count), count };
}
