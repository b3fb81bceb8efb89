/**
 * How trials order.
 *
 * What a HyperNet has learned and how differently an untrained network sees images know different things. Their mean
 * rank is a score among given trials only: another trial changes it.
 */

import { meanRanks, order } from "../statistics/index.js";
import type { Trial } from "./trial.js";

/** The measures that can order trials. The loss separates good ones better than the error; "predicted" is a surrogate's. */
export const rankingMeasures = ["loss", "error", "loss+naswot", "predicted"] as const;
/** The measure that orders trials. */
export type RankedBy = (typeof rankingMeasures)[number];

/** Whether NASWOT has a part in the measure. */
export function takesNaswot(rankedBy: RankedBy): boolean {
  return rankedBy === "loss+naswot" || rankedBy === "predicted";
}

/** A trial and its SMASH score among others; lower is better, `Infinity` where it is not finite. */
export interface ScoredTrial {
  readonly trial: Trial;
  readonly score: number;
}

/** The SMASH scores of trials, in their order. */
export function scoreTrials(trials: readonly Trial[], rankedBy: RankedBy): readonly ScoredTrial[] {
  const scores = scoresOf(trials, rankedBy);
  return trials.map((trial, index) => ({ trial, score: scores[index] }));
}

function scoresOf(trials: readonly Trial[], rankedBy: RankedBy): readonly number[] {
  const losses = trials.map(({ validationLoss }) => finite(validationLoss));
  switch (rankedBy) {
    case "loss":
      return losses;
    case "error":
      return trials.map(({ validationError }) => finite(validationError));
    case "loss+naswot": {
      const ranks = meanRanks([losses, trials.map(({ naswot = NaN }) => finite(naswot))]);
      return ranks.map((rank, index) => (losses[index] === Infinity ? Infinity : rank));
    }
    case "predicted":
      return trials.map(({ predictedError = NaN }) => finite(predictedError));
  }
}

const finite = (value: number) => (Number.isFinite(value) ? value : Infinity);

/** Lower score first. Ties keep the order of scoring; scores that are not finite come last. */
export function rankScored(trials: readonly Trial[], rankedBy: RankedBy): readonly ScoredTrial[] {
  return scoreTrials(trials, rankedBy).toSorted(
    (one, other) => order(one.score, other.score) || one.trial.id - other.trial.id,
  );
}

/**
 * Best first, as the HyperNet knows it. Trials that were fine-tuned lead, in the order of their scores after it: they were
 * the best before it, and scores with generated weights do not compare with them. Those that it made diverge come last.
 */
export function rankGenerated(trials: readonly Trial[], rankedBy: RankedBy): readonly Trial[] {
  const byId = new Map(trials.map((trial) => [trial.id, trial]));
  const tuned = trials.flatMap(({ fineTuned, ...trial }) => (fineTuned ? { ...trial, ...fineTuned } : []));
  // What a surrogate predicts does not change with the weights.
  const tunedBy = rankedBy === "predicted" ? "loss" : rankedBy;
  const ranked = rankScored(tuned, tunedBy);
  const whole = ({ trial: { id } }: ScoredTrial) => byId.get(id)!;
  const leaders = ranked.filter(({ score }) => score < Infinity).map(whole);
  const others = rankScored(trials, rankedBy).map(({ trial }) => trial);
  const diverged = ranked.slice(leaders.length).map(whole);
  return [...leaders, ...others.filter(({ fineTuned }) => !fineTuned), ...diverged];
}

/**
 * Best first. Finalists lead, in the order of their errors after their training; ties keep the order before it. Those
 * whose training diverged come last of all.
 */
export function rankTrials(trials: readonly Trial[], rankedBy: RankedBy): readonly Trial[] {
  const before = rankGenerated(trials, rankedBy);
  const error = ({ trained }: Trial) => finite(trained!.validationError);
  const finalists = before
    .filter(({ trained }) => trained)
    .toSorted((one, other) => order(error(one), error(other)));
  const leaders = finalists.filter((trial) => error(trial) < Infinity);
  const others = before.filter(({ trained }) => !trained);
  return [...leaders, ...others, ...finalists.slice(leaders.length)];
}
