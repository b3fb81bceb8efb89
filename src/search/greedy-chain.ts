/**
 * A chain of perturbations that accepts only improvements: each proposal perturbs the best of everything so far
 * (SMASH section 4: 100 steps).
 */

import { randomSearch } from "./random-search.js";
import { perturbTrial, type Strategy } from "./strategy.js";
import { rankScored } from "./score.js";

export const greedyChain: Strategy = {
  name: "chain",
  propose(history, context) {
    const best = rankScored(history, context.rankedBy).at(0)?.trial;
    if (!best) return randomSearch.propose(history, context);
    return perturbTrial(best, context);
  },
};
