/**
 * A search space cut down to the networks within limits of size and work: strategies search it like any other.
 *
 * Draws are rejected until one fits, which keeps the space's own distribution. Where a limit leaves too little for that,
 * the smallest draws are perturbed towards the limit; such networks lie close to it. If that fails by bad luck, a random
 * walk from the network that was to be perturbed, or from one known to fit, takes its place, so that a search does not end
 * at its hundredth trial. Every way has a stated end: nothing loops. Latency is not for here, since it has to be measured
 * (see `rank/propose.ts`).
 */

import { countCost, type Architecture, type PerturbOptions, type SearchSpace } from "../arch/index.js";
import { Random } from "../random.js";
import { excessOver, SmallestCost, type Limits } from "./limits.js";

/** How hard networks are searched for. */
interface Effort {
  /** Of these the smallest are made smaller: a limit that one network in twenty keeps is met by 100 with 99.4 %. */
  readonly draws: number;
  /** How many of the smallest. */
  readonly walks: number;
}

const usual: Effort = { draws: 100, walks: 4 };
/** For the question whether the space has such networks at all. */
const great: Effort = { draws: 300, walks: 8 };
/** A walk towards the limit ends after so many steps in all, … */
const mostSteps = 400;
/** … or so many in a row that make nothing smaller. */
const mostIdleSteps = 60;
/** Steps of the random walk away from a network that is known. */
const strayingSteps = 20;

export class LimitedSpace implements SearchSpace {
  readonly settings;
  readonly #space: SearchSpace;
  readonly #limits: Limits;
  #known: Architecture | undefined;

  constructor(space: SearchSpace, limits: Limits) {
    this.settings = space.settings;
    this.#space = space;
    this.#limits = limits;
  }

  /** Throws a SmashError ("config") if no network within the limits was found; never once `requireOne` has passed. */
  sample(random: Random): Architecture {
    const draw = () => this.#space.sample(random);
    return this.#search(draw, { random, effort: usual }) ?? this.#stray(random, this.requireOne());
  }

  /** Training is not limited. */
  sampleForStep: SearchSpace["sampleForStep"] = (step) => this.#space.sampleForStep(step);

  /** Within the limits, also for an architecture that is not. Throws like `sample`. */
  perturb(architecture: Architecture, random: Random, options?: PerturbOptions): Architecture {
    const draw = () => this.#space.perturb(architecture, random, options);
    const from = () => (this.#excess(architecture) <= 1 ? architecture : this.requireOne());
    return this.#search(draw, { random, effort: usual }) ?? this.#stray(random, from());
  }

  #excess(architecture: Architecture): number {
    return excessOver(this.#limits, countCost(architecture));
  }

  /** Perturbs a network within the limits again and again, and keeps what is within them. */
  #stray(random: Random, from: Architecture): Architecture {
    let at = from;
    for (let step = 0; step < strayingSteps; step++) {
      const next = this.#space.perturb(at, random);
      if (this.#excess(next) <= 1) at = next;
    }
    return at;
  }

  /** A network within the limits, the same every time. Throws a SmashError ("config") if none was found. */
  requireOne(): Architecture {
    return (this.#known ??= this.#findOne());
  }

  #findOne(): Architecture {
    const random = Random.stream(0, "within-limits");
    const smallest = new SmallestCost();
    const found = this.#search(() => this.#space.sample(random), { random, effort: great, smallest });
    if (found) return found;
    throw smallest.noneWithin(this.#limits);
  }

  /** The first draw within the limits; else the first of the smallest draws that gets there by being perturbed. */
  #search(
    draw: () => Architecture,
    {
      random,
      effort: { draws, walks },
      smallest = new SmallestCost(),
    }: { readonly random: Random; readonly effort: Effort; readonly smallest?: SmallestCost },
  ): Architecture | undefined {
    const measure = (architecture: Architecture) => ({
      architecture,
      excess: excessOver(this.#limits, smallest.add(architecture)),
    });
    const drawn: Measured[] = [];
    for (let count = 0; count < draws; count++) {
      const candidate = measure(draw());
      if (candidate.excess <= 1) return candidate.architecture;
      drawn.push(candidate);
    }
    for (const start of drawn.sort((one, other) => one.excess - other.excess).slice(0, walks)) {
      let at = start;
      let idle = 0;
      for (let step = 0; step < mostSteps && idle < mostIdleSteps && at.excess > 1; step++) {
        const next = measure(this.#space.perturb(at.architecture, random));
        idle = next.excess < at.excess ? 0 : idle + 1;
        if (idle === 0) at = next;
      }
      if (at.excess <= 1) return at.architecture;
    }
    return undefined;
  }
}

interface Measured {
  readonly architecture: Architecture;
  readonly excess: number;
}

/** Throws a SmashError ("config") unless the space has networks within what of the limits can be counted. */
export function requireWithin(space: SearchSpace, limits: Limits): void {
  new LimitedSpace(space, limits).requireOne();
}

/** The space itself where nothing is limited. */
export function limitSpace(space: SearchSpace, limits: Limits): SearchSpace {
  const isLimited = limits.parameters !== undefined || limits.flops !== undefined;
  return isLimited ? new LimitedSpace(space, limits) : space;
}
