/** One scored architecture, and how scores order. */

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
  /** Fraction of the held-out images classified wrongly with generated weights. */
  readonly validationError: number;
  /** Mean cross-entropy over the same images, nats. */
  readonly validationLoss: number;
  /** Trainable parameters of the resulting network. */
  readonly parameters: number;
  /** Multiply-adds of the resulting network for one image. */
  readonly flops: number;
  /** Median milliseconds for one image, measured where time is limited: exported to ONNX, on one CPU thread. */
  readonly latencyMs?: number;
}

/** The measure that orders trials; the loss separates good ones better than the error. */
export type RankedBy = "loss" | "error";

/** The SMASH score of a trial: the measure it is ranked by. */
export function scoreOf(
  trial: Pick<Trial, "validationLoss" | "validationError">,
  rankedBy: RankedBy,
): number {
  return rankedBy === "loss" ? trial.validationLoss : trial.validationError;
}

/** Lower score first. Ties keep the order of scoring; scores that are not finite come last. */
export function rankTrials(trials: readonly Trial[], rankedBy: RankedBy): readonly Trial[] {
  const key = (trial: Trial) => {
    const score = scoreOf(trial, rankedBy);
    return Number.isFinite(score) ? score : Number.MAX_VALUE;
  };
  return [...trials].sort((one, other) => key(one) - key(other) || one.id - other.id);
}
