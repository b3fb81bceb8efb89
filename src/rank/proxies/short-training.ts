/** The error after a hundred steps of normal training: the plainest way to rank, and by far the dearest one here. */

import { selectImages } from "../../data/index.js";
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
      const count = Math.min(steps * batchSize, train.set.count);
      const set = selectImages(
        train.set,
        Array.from({ length: count }, (_, index) => index),
      );
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
