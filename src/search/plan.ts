/**
 * Which strategy proposes which trial: the paper's order, random samples first, then perturbations, then the chain; then
 * those that want a history to build on.
 */

import { evolution } from "./evolution.js";
import { greedyChain } from "./greedy-chain.js";
import { nsga2 } from "./nsga2.js";
import { perturbBest } from "./perturb-best.js";
import { randomSearch } from "./random-search.js";
import type { Strategy } from "./strategy.js";
import { trialOrigins, type TrialOrigin } from "./trial.js";

const byName: Readonly<Record<TrialOrigin, Strategy>> = {
  random: randomSearch,
  perturb: perturbBest,
  chain: greedyChain,
  evolution,
  nsga2,
};

/** The strategies by which a search proposes: the paper's in its order, then others. */
export const strategies: readonly Strategy[] = trialOrigins.map((name) => byName[name]);

/** Number of trials of each strategy. */
export type SearchCounts = Readonly<Record<TrialOrigin, number>>;

/** The strategies of consecutive trials. */
export function planTrials(counts: SearchCounts): readonly Strategy[] {
  return strategies.flatMap((strategy) => Array<Strategy>(counts[strategy.name]).fill(strategy));
}
