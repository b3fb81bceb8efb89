/**
 * A search space cut down to the networks within limits of size and work: strategies search it like any other.
 *
 * Draws are rejected until one fits, which keeps the space's own distribution. Where a limit leaves too little for that,
 * the smallest draw is perturbed towards the limit; such networks lie close to it. Every way has a stated end: nothing
 * loops. Latency is not for here, since it has to be measured (see `rank/propose.ts`).
 */

import type { Architecture, PerturbOptions, SearchSpace } from "../arch/index.js";
import type { Random } from "../random.js";
import { excessOver, SmallestCost, type Limits } from "./limits.js";

/** Draws before the smallest is made smaller: a limit that one network in twenty keeps is met with 99.4 %. */
const mostDraws = 100;
/** Times the walk towards the limit starts from another draw. */
const mostWalks = 4;
/** Steps of a walk in a row that make nothing smaller. */
const mostIdleSteps = 40;
/** Steps of a walk in all. */
const mostSteps = 400;

export class LimitedSpace implements SearchSpace {
  readonly settings;
  readonly #space: SearchSpace;
  readonly #limits: Limits;

  constructor(space: SearchSpace, limits: Limits) {
    this.settings = space.settings;
    this.#space = space;
    this.#limits = limits;
  }

  /** Throws a SmashError ("config") if no network within the limits was found. */
  sample(random: Random): Architecture {
    const smallest = new SmallestCost();
    for (let walk = 0; walk < mostWalks; walk++) {
      const draw = () => this.#space.sample(random);
      const found = this.#search(draw, { draws: walk === 0 ? mostDraws : mostDraws / 10, random, smallest });
      if (found) return found;
    }
    throw smallest.noneWithin(this.#limits);
  }

  /** Training is not limited. */
  sampleForStep: SearchSpace["sampleForStep"] = (step) => this.#space.sampleForStep(step);

  /** Within the limits, also for an architecture that is not. Throws like `sample` if nothing was found. */
  perturb(architecture: Architecture, random: Random, options?: PerturbOptions): Architecture {
    const draw = () => this.#space.perturb(architecture, random, options);
    const found = this.#search(draw, { draws: mostDraws, random, smallest: new SmallestCost() });
    return found ?? this.sample(random);
  }

  /** The first draw within the limits; else what the smallest becomes on its way there, if it arrives. */
  #search(
    draw: () => Architecture,
    {
      draws,
      random,
      smallest,
    }: { readonly draws: number; readonly random: Random; readonly smallest: SmallestCost },
  ): Architecture | undefined {
    let best: Architecture | undefined;
    let excess = Infinity;
    /** Takes it if it exceeds less than the best so far. */
    const accept = (candidate: Architecture) => {
      const other = excessOver(this.#limits, smallest.add(candidate));
      if (other >= excess) return false;
      [best, excess] = [candidate, other];
      return true;
    };
    for (let count = 0; count < draws && excess > 1; count++) accept(draw());
    let idle = 0;
    for (let step = 0; step < mostSteps && idle < mostIdleSteps && excess > 1; step++) {
      idle = accept(this.#space.perturb(best!, random)) ? 0 : idle + 1;
    }
    return excess <= 1 ? best : undefined;
  }
}

/** The space itself where nothing is limited. */
export function limitSpace(space: SearchSpace, limits: Limits): SearchSpace {
  const isLimited = limits.parameters !== undefined || limits.flops !== undefined;
  return isLimited ? new LimitedSpace(space, limits) : space;
}
