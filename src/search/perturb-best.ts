/** Independent perturbations of the best so far that was sampled at random (SMASH section 4: 100 of them). */

import { randomSearch } from "./random-search.js";
import { perturbTrial, type Strategy } from "./strategy.js";
import { rankScored } from "./score.js";

export const perturbBest: Strategy = {
  name: "perturb",
  propose(history, context) {
    const sampled = history.filter(({ origin }) => origin === "random");
    const best = rankScored(sampled, context.rankedBy).at(0)?.trial;
    if (!best) return randomSearch.propose(history, context);
    return perturbTrial(best, context);
  },
};
