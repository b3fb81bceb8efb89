/** The error after a hundred steps of normal training: the plainest way to rank, and by far the dearest one here. */

import { createNetwork } from "../../network/index.js";
import { scope } from "../../tensor/index.js";
import { trainBriefly } from "../../train/index.js";
import type { Proxy } from "./proxy.js";

const steps = 100;

export const shortTrainingProxy: Proxy = {
  name: "short-training",
  score: (architecture, { validation, networkTraining: settings, ...data }) =>
    scope(() => {
      const network = createNetwork(architecture, { seed: data.seed, device: data.train.device });
      return trainBriefly(network, { ...data, steps, settings }).evaluate(validation).error;
    }),
};
