/**
 * Regularised evolution (Real et al. 2019): of a population the fittest of a random few is perturbed, and the oldest
 * member dies, however good it is.
 *
 * The population is read from the history: the youngest random samples and children. So earlier random trials are its
 * founders, and what other strategies proposed takes no part.
 */

import { randomSearch } from "./random-search.js";
import { perturbTrial, type Strategy } from "./strategy.js";
import { rankScored } from "./score.js";

/** Members alive at once. The paper has 100 and scores 20,000; runs here score some hundred. */
export const populationSize = 50;
/** Members that compete to be the parent: a quarter of the population, as in the paper (25 of 100). */
export const tournamentSize = 12;

export const evolution: Strategy = {
  name: "evolution",
  propose(history, context) {
    const { random, rankedBy } = context;
    const members = history
      .filter(({ origin }) => origin === "random" || origin === "evolution")
      .slice(-populationSize);
    // Founders, where there are too few to compete.
    if (members.length < tournamentSize) return randomSearch.propose(history, context);
    const competitors = random.subset(members, tournamentSize);
    return perturbTrial(rankScored(competitors, rankedBy)[0].trial, context);
  },
};
