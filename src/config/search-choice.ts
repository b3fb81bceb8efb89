/** What a search's flags change of a configuration's ranking. */

import type { Limits, RankedBy, SearchCounts, TrialOrigin } from "../search/index.js";
import type { RunConfig } from "./run-config.js";

/** What a search may propose, and how many. */
export interface SearchChoice {
  /** Beside those of the configuration; the same limit replaces it. */
  readonly limits?: Limits;
  /** What ranks. */
  readonly rankedBy?: RankedBy | undefined;
  /** How many of the best are fine-tuned. */
  readonly fineTune?: number | undefined;
  /** How many of the best are trained briefly in the end. */
  readonly finalists?: number | undefined;
  /** Who proposes what follows the random samples, in place of perturb and chain. */
  readonly strategy?: TrialOrigin | undefined;
  /** Replace numbers of trials. */
  readonly counts?: Readonly<Partial<Record<TrialOrigin, number | undefined>>>;
}

type Ranking = RunConfig["ranking"];

export function chooseSearch(ranking: Ranking, choice: SearchChoice): Ranking {
  const { limits = {}, counts = {}, rankedBy = ranking.rankedBy, fineTune: best, finalists: count } = choice;
  return {
    ...ranking,
    rankedBy,
    fineTuning: { ...ranking.fineTuning, ...withoutUndefined({ best }) },
    finalists: { ...ranking.finalists, ...withoutUndefined({ count }) },
    counts: { ...moveTo(ranking.counts, choice.strategy), ...withoutUndefined(counts) },
    limits: { ...ranking.limits, ...withoutUndefined(limits) },
  };
}

function moveTo(counts: SearchCounts, strategy: TrialOrigin | undefined): SearchCounts {
  if (strategy === undefined) return counts;
  const moved = { ...counts, perturb: 0, chain: 0 };
  return { ...moved, [strategy]: moved[strategy] + counts.perturb + counts.chain };
}

/** As JSON has it: a saved configuration must equal the one it was saved from. */
function withoutUndefined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
