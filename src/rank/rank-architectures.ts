/**
 * Scores architectures with a trained SMASH network, without training any of them (SMASH section 4). Every candidate
 * sees the same held-out images, so that differences are the architectures' own.
 *
 * A trial depends on the seed, its number and the trials before it: continuing from a stored history gives the same
 * ranking, bit for bit, as never having stopped. Under a limit on latency it also depends on times that were measured,
 * and no two measurements are equal: then only the stored trials stay as they are.
 */

import { countCost, functionKey } from "../arch/index.js";
import type { SearchNetwork } from "../network/index.js";
import { Random } from "../random.js";
import type { Limits, Strategy, Trial } from "../search/index.js";
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
  const { plan, scoring, seed, history: before, ...rest } = options;
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
    const { error, loss } = evaluateGenerated(network, architecture, scoring, evaluation);
    const naswot =
      rankedBy === "loss+naswot"
        ? { naswot: measureNaswot(architecture, { ...evaluation, batch: requireUntrained(scoring), seed }) }
        : {};
    const trial: Trial = {
      id,
      architecture,
      origin: plan[id].name,
      ...known,
      validationError: error,
      validationLoss: loss,
      ...naswot,
      ...countCost(architecture),
    };
    history.push(trial);
    seen.add(functionKey(architecture));
    yield { type: "trial", trial, total: plan.length };
  }
}

function requireUntrained({ untrained }: ScoringData): BatchTensors {
  if (untrained) return untrained;
  throw new TypeError("a ranking by loss+naswot needs images of ScoringData.untrained");
}

function cannotMeasure(): Promise<number> {
  throw new TypeError("a limit on latency needs measureLatency");
}
