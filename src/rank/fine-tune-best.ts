/**
 * Scores the best trials once more, each after a little training of its own network. Too slow for all of them, and the
 * place where it matters: among good architectures generated weights tell least.
 */

import type { SearchNetwork } from "../network/index.js";
import { rankScored, type RankedBy, type Trial } from "../search/index.js";
import { evaluateFineTuned, type EvaluationOptions, type ScoringData } from "../train/index.js";

export interface FineTuneOptions extends EvaluationOptions {
  /** How many, by their score with generated weights. */
  readonly best: number;
  readonly rankedBy: RankedBy;
  readonly scoring: ScoringData;
}

/** A trial has been scored after fine-tuning. */
export interface FineTunedEvent {
  readonly type: "fine-tuned";
  readonly trial: Trial;
}

/** The trials that are to be fine-tuned, and are not yet. */
export function listUntuned(
  trials: readonly Trial[],
  { best, rankedBy }: Pick<FineTuneOptions, "best" | "rankedBy">,
): readonly Trial[] {
  return rankScored(trials, rankedBy)
    .slice(0, best)
    .map(({ trial }) => trial)
    .filter(({ fineTuned }) => !fineTuned);
}

/** Scores each of `listUntuned`, in the order of their rank. */
export function* fineTuneBest(
  network: SearchNetwork,
  trials: readonly Trial[],
  { best, rankedBy, scoring, ...evaluation }: FineTuneOptions,
): Generator<FineTunedEvent, void> {
  for (const trial of listUntuned(trials, { best, rankedBy })) {
    const { error, loss } = evaluateFineTuned(network, trial.architecture, scoring, evaluation);
    yield {
      type: "fine-tuned",
      trial: { ...trial, fineTuned: { validationError: error, validationLoss: loss } },
    };
  }
}
