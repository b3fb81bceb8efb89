/**
 * Scores architectures with a trained SMASH network, without training any of them (SMASH section 4). Every candidate
 * sees the same held-out images, so that differences are the architectures' own.
 *
 * A trial depends on the seed, its number and the trials before it: continuing from a stored history gives the same
 * ranking, bit for bit, as never having stopped. Under a limit on latency it also depends on times that were measured,
 * and no two measurements are equal: then only the stored trials stay as they are.
 */

import { countCost, functionKey, type Architecture } from "../arch/index.js";
import type { SearchNetwork } from "../network/index.js";
import { Random } from "../random.js";
import { takesNaswot, type Limits, type Strategy, type Surrogate, type Trial } from "../search/index.js";
import {
  evaluateGenerated,
  type BatchTensors,
  type EvaluationOptions,
  type ScoringData,
} from "../train/index.js";
import { proposeWithin, type ProposalOptions } from "./propose.js";
import { measureNaswot } from "./proxies/naswot.js";

/** What is scored, on what, and in which order. */
export interface RankOptions extends EvaluationOptions, Pick<ProposalOptions, "rankedBy"> {
  /** The cost that NSGA-II weighs against the score. Default: parameters. */
  readonly against?: ProposalOptions["against"];
  /** What every trial keeps to. Default: nothing. */
  readonly limits?: Limits;
  /** Needed by a limit on latency: milliseconds for one image. */
  readonly measureLatency?: ProposalOptions["measureLatency"];
  /** The strategies of the trials, from trial 0 on; those in `history` are not run again. */
  readonly plan: readonly Strategy[];
  readonly history: readonly Trial[];
  readonly scoring: ScoringData;
  readonly seed: number;
  /** Where trials are ranked by what it predicts. */
  readonly surrogate?: Surrogate | undefined;
}

/** An architecture has been scored. */
export interface TrialEvent {
  readonly type: "trial";
  readonly trial: Trial;
  /** Trials of the plan in all. */
  readonly total: number;
}

/** Proposes and scores one trial after the other (SMASH section 3); trials in `history` are not scored again. */
export async function* rankArchitectures(
  network: SearchNetwork,
  options: RankOptions,
): AsyncGenerator<TrialEvent, void> {
  const { plan, scoring, seed, surrogate, history: before, ...rest } = options;
  const {
    rankedBy,
    against = "parameters",
    limits = {},
    measureLatency = cannotMeasure,
    ...evaluation
  } = rest;
  const proposing = { rankedBy, against, limits, measureLatency };
  const { space } = network;
  const history = [...before];
  const seen = new Set(before.map(({ architecture }) => functionKey(architecture)));
  for (let id = history.length; id < plan.length; id++) {
    const random = Random.stream(seed, "trial", id);
    const proposal = await proposeWithin(plan[id], history, { ...proposing, space, random, seen });
    const { architecture, ...known } = proposal;
    const score = scoreUntrained(network, architecture, { ...evaluation, scoring, rankedBy, seed });
    const trial: Trial = {
      id,
      architecture,
      origin: plan[id].name,
      ...known,
      ...score,
      ...(rankedBy === "predicted" && {
        predictedError: requireSurrogate(surrogate).predict({ architecture, ...score }),
      }),
      ...countCost(architecture),
    };
    history.push(trial);
    seen.add(functionKey(architecture));
    yield { type: "trial", trial, total: plan.length };
  }
}

/** What a trial is ranked by, but for what a surrogate makes of it: with generated weights, and untrained. */
export function scoreUntrained(
  network: SearchNetwork,
  architecture: Architecture,
  options: EvaluationOptions & Pick<RankOptions, "scoring" | "rankedBy" | "seed">,
): Pick<Trial, "validationError" | "validationLoss" | "naswot"> {
  const { scoring, rankedBy, seed, ...evaluation } = options;
  const { error, loss } = evaluateGenerated(network, architecture, scoring, evaluation);
  const score = { validationError: error, validationLoss: loss };
  if (!takesNaswot(rankedBy)) return score;
  const batch = requireUntrained(scoring);
  return { ...score, naswot: measureNaswot(architecture, { ...evaluation, batch, seed }) };
}

function requireSurrogate(surrogate: Surrogate | undefined): Surrogate {
  if (surrogate) return surrogate;
  throw new TypeError("a ranking by predicted errors needs a surrogate");
}

function requireUntrained({ untrained }: ScoringData): BatchTensors {
  if (untrained) return untrained;
  throw new TypeError("a ranking that takes NASWOT needs images of ScoringData.untrained");
}

function cannotMeasure(): Promise<number> {
  throw new TypeError("a limit on latency needs measureLatency");
}
