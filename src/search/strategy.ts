/** How a search chooses what to score next. Strategies are pure: history in, proposal out. */

import type { Architecture, Cost, SearchSpace } from "../arch/index.js";
import type { Random } from "../random.js";
import type { RankedBy } from "./score.js";
import type { Trial, TrialOrigin } from "./trial.js";

/** What a proposal may depend on besides the history. */
export interface SearchContext {
  readonly space: SearchSpace;
  readonly rankedBy: RankedBy;
  /** What a strategy for several goals weighs the score against. */
  readonly against: keyof Cost;
  /** The stream of this proposal alone. */
  readonly random: Random;
}

/** What is to be scored next. */
export interface Proposal {
  readonly architecture: Architecture;
  /** The trial that was changed into it; without one it comes from nowhere. */
  readonly parent?: number;
}

/** Proposes what to score next. Must be pure: resumed and parallel searches ask again and expect the same answer. */
export interface Strategy {
  readonly name: TrialOrigin;
  /** The next architecture to score, given everything scored so far. */
  propose(history: readonly Trial[], context: SearchContext): Proposal;
}

/** A perturbation of a trial's architecture. */
export function perturbTrial(
  { id, architecture }: Trial,
  { space, random }: Pick<SearchContext, "space" | "random">,
): Proposal {
  return { architecture: space.perturb(architecture, random), parent: id };
}
