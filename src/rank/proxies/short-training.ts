/**
 * The error after a hundred steps of normal training: the plainest way to rank, and by far the dearest one here. NaN
 * where it diverges.
 */

import { createNetwork } from "../../network/index.js";
import { scope } from "../../tensor/index.js";
import { trainBriefly, unlessDiverged } from "../../train/index.js";
import type { Proxy } from "./proxy.js";

const steps = 100;

export const shortTrainingProxy: Proxy = {
  name: "short-training",
  score: (architecture, { validation, networkTraining: settings, ...data }) =>
    scope(() => {
      const network = createNetwork(architecture, { seed: data.seed, device: data.train.device });
      const train = () => trainBriefly(network, { ...data, steps, settings }).evaluate(validation).error;
      return unlessDiverged(train, NaN);
    }),
};
