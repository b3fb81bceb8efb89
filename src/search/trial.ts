/** One scored architecture. */

import type { Architecture } from "../arch/index.js";

export type TrialOrigin = "random" | "perturb" | "chain";

export interface Trial {
  /** Position in the order of scoring, from 0. */
  readonly id: number;
  readonly architecture: Architecture;
  readonly origin: TrialOrigin;
  /** Fraction of the held-out images classified wrongly with generated weights. */
  readonly validationError: number;
  /** Mean cross-entropy over the same images, nats. */
  readonly validationLoss: number;
  /** Trainable parameters of the resulting network. */
  readonly parameters: number;
  /** Multiply-adds of the resulting network for one image. */
  readonly flops: number;
}
