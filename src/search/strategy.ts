/** How a search chooses what to score next. Strategies are pure: history in, proposal out. */

import type { Architecture, Cost, SearchSpace } from "../arch/index.js";
import type { Random } from "../random.js";
import type { RankedBy, Trial, TrialOrigin } from "./trial.js";

export interface SearchContext {
  readonly space: SearchSpace;
  readonly rankedBy: RankedBy;
  /** What a strategy for several goals weighs the score against. */
  readonly against: keyof Cost;
  /** The stream of this proposal alone. */
  readonly random: Random;
}

export interface Strategy {
  readonly name: TrialOrigin;
  /** The next architecture to score, given everything scored so far. */
  propose(history: readonly Trial[], context: SearchContext): Architecture;
}
