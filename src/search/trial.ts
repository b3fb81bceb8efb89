/** One scored architecture. */

import type { Architecture } from "../arch/index.js";

/** Strategies by the names that trials bear, in the order in which a run uses them. */
export const trialOrigins = ["random", "perturb", "chain", "evolution", "nsga2"] as const;
/** The strategy that proposed a trial. */
export type TrialOrigin = (typeof trialOrigins)[number];

/** An architecture with its SMASH score. */
export interface Trial {
  /** Position in the order of scoring, from 0. */
  readonly id: number;
  readonly architecture: Architecture;
  readonly origin: TrialOrigin;
  /** The trial that was changed into this one; sampled ones, and runs of older versions, are without it. */
  readonly parent?: number;
  /** Fraction of the held-out images classified wrongly with generated weights. */
  readonly validationError: number;
  /** Mean cross-entropy over the same images, nats. */
  readonly validationLoss: number;
  /** The same two after fine-tuning; measured of the best trials, where a run asks for it. */
  readonly fineTuned?: { readonly validationError: number; readonly validationLoss: number };
  /** The same two on all held-out images after a brief training from scratch; of a run's finalists. */
  readonly trained?: {
    readonly epochs: number;
    readonly validationError: number;
    readonly validationLoss: number;
  };
  /** NASWOT of the untrained network, lower is better; measured where it takes part in the score, or in the surrogate's. */
  readonly naswot?: number;
  /** Error that the run's surrogate expects of the reduced network; where it ranks. */
  readonly predictedError?: number;
  /** Trainable parameters of the resulting network. */
  readonly parameters: number;
  /** Multiply-adds of the resulting network for one image. */
  readonly flops: number;
  /** Median milliseconds for one image, measured where time is limited: exported to ONNX, on one CPU thread. */
  readonly latencyMs?: number;
}
