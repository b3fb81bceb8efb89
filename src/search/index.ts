export { greedyChain } from "./greedy-chain.js";
export { perturbBest } from "./perturb-best.js";
export { planTrials, strategies } from "./plan.js";
export type { SearchCounts } from "./plan.js";
export { randomSearch } from "./random-search.js";
export type { SearchContext, Strategy } from "./strategy.js";
export { rankTrials, scoreOf } from "./trial.js";
export type { RankedBy, Trial, TrialOrigin } from "./trial.js";
