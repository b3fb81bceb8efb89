/** Which strategy proposes which trial: the paper's order, random samples first, then perturbations, then the chain. */

import { greedyChain } from "./greedy-chain.js";
import { perturbBest } from "./perturb-best.js";
import { randomSearch } from "./random-search.js";
import type { Strategy } from "./strategy.js";

/** The strategies by which a search proposes, in the paper's order. */
export const strategies: readonly Strategy[] = [randomSearch, perturbBest, greedyChain];

/** Number of trials of each strategy. */
export type SearchCounts = Readonly<Record<"random" | "perturb" | "chain", number>>;

/** The strategies of consecutive trials. */
export function planTrials(counts: SearchCounts): readonly Strategy[] {
  return strategies.flatMap((strategy) => Array<Strategy>(counts[strategy.name]).fill(strategy));
}
