/**
 * The SMASH score after fine-tuning. What all architectures share is right for none of them; a few steps of training of
 * one network alone, from its generated weights, bring out what it makes of weights of its own.
 */

import type { Architecture } from "../arch/index.js";
import type { SearchNetwork } from "../network/index.js";
import { scope } from "../tensor/index.js";
import type { ImageSource } from "./batch-tensors.js";
import { trainBriefly } from "./brief-training.js";
import type { EvaluationOptions, Score, ScoringData } from "./evaluate.js";
import type { NetworkTrainingSettings } from "./network-training.js";
import { unlessDiverged } from "./unless-diverged.js";

/** How networks are fine-tuned before they are scored. */
export interface FineTuning {
  readonly steps: number;
  readonly train: ImageSource;
  /** Of normal training, but with a rate that keeps what the HyperNet knows. */
  readonly settings: NetworkTrainingSettings;
  /** Of the order and the augmentation of images. */
  readonly seed: number;
}

/**
 * Error and loss of an architecture whose network is trained by `data.fineTuning` from its generated weights. They are
 * measured with the running statistics of this training, as of any trained network. Where it diverges they are NaN.
 */
export function evaluateFineTuned(
  network: SearchNetwork,
  architecture: Architecture,
  data: ScoringData,
  { noiseSeed, describedAs, computeType }: Omit<EvaluationOptions, "batchNorm"> = {},
): Score {
  const { fineTuning } = data;
  if (!fineTuning) throw new TypeError("fine-tuning needs ScoringData.fineTuning");
  // An average is a network of the resulting kind, and this one has what the HyperNet's networks have.
  const settings = { ...fineTuning.settings, average: undefined };
  return scope(() => {
    const own = network.instantiate(architecture, { noiseSeed, describedAs });
    const train = () => trainBriefly(own, { ...fineTuning, settings, computeType }).evaluate(data.validation);
    return unlessDiverged(train, { error: NaN, loss: NaN });
  });
}
