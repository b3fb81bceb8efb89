/** The order of trials: lower score first. Ties keep the order of scoring; scores that are not finite come last. */

import type { Trial } from "../search/index.js";
import type { RankedBy, ReportData } from "./report-data.js";

/** The SMASH score of a trial: the measure it is ranked by. */
export function scoreOf(trial: Trial, rankedBy: RankedBy): number {
  return rankedBy === "loss" ? trial.validationLoss : trial.validationError;
}

export function rankTrials(trials: readonly Trial[], rankedBy: RankedBy): readonly Trial[] {
  const key = (trial: Trial) => {
    const score = scoreOf(trial, rankedBy);
    return Number.isFinite(score) ? score : Number.MAX_VALUE;
  };
  return trials.toSorted((one, other) => key(one) - key(other) || one.id - other.id);
}

/** The run's choice, or the leader so far. */
export function bestTrial(data: ReportData): Trial | undefined {
  return data.best ?? rankTrials(data.trials, data.rankedBy)[0];
}
