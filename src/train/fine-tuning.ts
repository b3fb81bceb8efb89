/**
 * The SMASH score after fine-tuning. What all architectures share is right for none of them; a few steps of training of
 * one network alone, from its generated weights, bring out what it makes of weights of its own.
 */

import type { Architecture } from "../arch/index.js";
import type { SearchNetwork } from "../network/index.js";
import { scope } from "../tensor/index.js";
import type { ImageSource } from "./batch-tensors.js";
import { trainBriefly } from "./brief-training.js";
import {
  evaluateGenerated,
  evaluateWith,
  type EvaluationOptions,
  type Score,
  type ScoringData,
} from "./evaluate.js";
import type { NetworkTrainingSettings } from "./network-training.js";

/** How a network is trained before it is scored. */
export interface FineTuning {
  readonly steps: number;
  readonly train: ImageSource;
  /** Of normal training, but with a rate that keeps what the HyperNet knows. */
  readonly settings: NetworkTrainingSettings;
  /** Of the order and the augmentation of images. */
  readonly seed: number;
}

/** SMASH score of an architecture (SMASH section 3): with generated weights, or after fine-tuning where the data say so. */
export function scoreArchitecture(
  network: SearchNetwork,
  architecture: Architecture,
  data: ScoringData,
  options: EvaluationOptions = {},
): Score {
  const { fineTuning } = data;
  if (!fineTuning) return evaluateGenerated(network, architecture, data, options);
  const { batchNorm, noiseSeed, describedAs, ...run } = options;
  return scope(() => {
    const own = network.instantiate(architecture, { noiseSeed, describedAs });
    const { evaluated } = trainBriefly(own, { ...fineTuning, ...run });
    return evaluateWith(
      (statistics) => (images) => evaluated.forward(images, { ...run, statistics }),
      data,
      batchNorm,
    );
  });
}
