/**
 * Scores architectures with a trained SMASH network, without training any of them (SMASH section 4). Every candidate
 * sees the same held-out images, so that differences are the architectures' own.
 *
 * A trial depends on the seed, its number and the trials before it: continuing from a stored history gives the same
 * ranking, bit for bit, as never having stopped.
 */

import { countCost } from "../arch/index.js";
import type { SearchNetwork } from "../network/index.js";
import { Random } from "../random.js";
import type { RankedBy, Strategy, Trial } from "../search/index.js";
import { evaluateGenerated, type EvaluationOptions, type ScoringData } from "../train/index.js";

/** What is scored, on what, and in which order. */
export interface RankOptions extends EvaluationOptions {
  /** The strategies of the trials, from trial 0 on; those in `history` are not run again. */
  readonly plan: readonly Strategy[];
  readonly history: readonly Trial[];
  readonly scoring: ScoringData;
  readonly rankedBy: RankedBy;
  readonly seed: number;
}

/** An architecture has been scored. */
export interface TrialEvent {
  readonly type: "trial";
  readonly trial: Trial;
  /** Trials of the plan in all. */
  readonly total: number;
}

/** Proposes and scores one trial after the other (SMASH section 3); trials in `history` are not scored again. */
export function* rankArchitectures(
  network: SearchNetwork,
  options: RankOptions,
): Generator<TrialEvent, void> {
  const { plan, scoring, rankedBy, seed, history: before, ...evaluation } = options;
  const { space } = network;
  const history = [...before];
  for (let id = history.length; id < plan.length; id++) {
    const random = Random.stream(seed, "trial", id);
    const architecture = plan[id].propose(history, { space, rankedBy, random });
    const { error, loss } = evaluateGenerated(network, architecture, scoring, evaluation);
    const trial: Trial = {
      id,
      architecture,
      origin: plan[id].name,
      validationError: error,
      validationLoss: loss,
      ...countCost(architecture),
    };
    history.push(trial);
    yield { type: "trial", trial, total: plan.length };
  }
}
