/**
 * Scores the best trials once more, each after a little training of its own network. Too slow for all of them, and the
 * place where it matters: among good architectures generated weights tell least.
 */

import type { SearchNetwork } from "../network/index.js";
import { rankScored, type RankedBy, type Trial } from "../search/index.js";
import { evaluateFineTuned, type EvaluationOptions, type ScoringData } from "../train/index.js";

/** A trial has been scored after fine-tuning. */
export interface FineTunedEvent {
  readonly type: "fine-tuned";
  readonly trial: Trial;
}

/** Those of the `best` trials, by their scores with generated weights, that are not fine-tuned yet; the best first. */
export function listUntuned(
  trials: readonly Trial[],
  { best, rankedBy }: { readonly best: number; readonly rankedBy: RankedBy },
): readonly Trial[] {
  return rankScored(trials, rankedBy)
    .slice(0, best)
    .map(({ trial }) => trial)
    .filter(({ fineTuned }) => !fineTuned);
}

/** The trial with its score after fine-tuning. */
export function fineTuneTrial(
  network: SearchNetwork,
  trial: Trial,
  { scoring, ...options }: EvaluationOptions & { readonly scoring: ScoringData },
): FineTunedEvent {
  const { error, loss } = evaluateFineTuned(network, trial.architecture, scoring, options);
  return {
    type: "fine-tuned",
    trial: { ...trial, fineTuned: { validationError: error, validationLoss: loss } },
  };
}
