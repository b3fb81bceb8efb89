/**
 * NSGA-II (Deb et al. 2002) for good scores at every cost, one child at a time: the best of all trials by front and
 * crowding are the parents, and the better of two random ones is perturbed.
 *
 * Differs from the paper: architectures are perturbed, not crossed, for want of a crossover that keeps them valid; and a
 * child competes as soon as it is scored, not with its generation.
 */

import { orderByFronts } from "./crowding.js";
import { pointOf } from "./pareto.js";
import { randomSearch } from "./random-search.js";
import { scoreTrials } from "./score.js";
import { perturbTrial, type Strategy } from "./strategy.js";

/** Parents at once. */
const populationSize = 50;

export const nsga2: Strategy = {
  name: "nsga2",
  propose(history, context) {
    const { random, rankedBy, against: cost } = context;
    const parents = orderByFronts(scoreTrials(history, rankedBy), (scored) => pointOf(scored, cost)).slice(
      0,
      populationSize,
    );
    if (parents.length < 2) return randomSearch.propose(history, context);
    // Both indices stand in the order, so the smaller is the better.
    const winner = Math.min(random.integer(0, parents.length - 1), random.integer(0, parents.length - 1));
    return perturbTrial(parents[winner].item.trial, context);
  },
};
