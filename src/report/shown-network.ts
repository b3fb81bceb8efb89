/** The network that a report is about: the trained one, the one in training, or the leader of the ranking. */

import { isDeepStrictEqual } from "node:util";
import type { Architecture } from "../arch/index.js";
import { rankTrials, type Trial } from "../search/index.js";
import type { ReportData } from "./report-data.js";

export interface ShownNetwork {
  readonly architecture: Architecture;
  /** Undefined where the network is none of the run's trials. */
  readonly trial: Trial | undefined;
  /** Of the trial among all of the run, from 1. */
  readonly rank: number | undefined;
  /** What it is called. A winner leads a ranking that has ended. */
  readonly name: "winner" | "trained network" | "network in training" | "leader so far";
}

/** The same for the whole page: `smash train --rank 2` makes another network than the winner the subject. */
export function shownNetwork(data: ReportData): ShownNetwork | undefined {
  const ranked = rankTrials(data.trials, data.rankedBy);
  const own = data.trained?.architecture ?? data.inTraining;
  const architecture = own ?? ranked.at(0)?.architecture;
  if (architecture === undefined) return undefined;
  const place = ranked.findIndex((trial) => isDeepStrictEqual(trial.architecture, architecture));
  return {
    architecture,
    trial: ranked.find((_, index) => index === place),
    rank: place === -1 ? undefined : place + 1,
    name: place === 0 && data.isRanked ? "winner" : nameBefore(data),
  };
}

function nameBefore({ trained, inTraining }: ReportData): ShownNetwork["name"] {
  if (trained !== undefined) return "trained network";
  return inTraining === undefined ? "leader so far" : "network in training";
}
