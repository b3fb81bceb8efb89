/**
 * The architecture of one trial: within all limits, and not one that was scored before.
 *
 * Size and work are counted, so the space is cut down to them. Latency is measured, which takes a good part of a second:
 * only candidates that keep to the other limits are, and there is a most of them. After a few that were too slow each
 * must have a fifth less work than the one before, because time grows with work.
 */

import type { Architecture, SearchSpace } from "../arch/index.js";
import { SmashError } from "../errors.js";
import {
  isWithin,
  limitSpace,
  proposeNew,
  SmallestCost,
  type Limits,
  type SearchContext,
  type Strategy,
  type Trial,
} from "../search/index.js";

/** Candidates measured for one trial. */
const mostMeasured = 24;
/** Of these, those that are drawn from all of the space within the other limits. */
const freelyDrawn = 6;
/** Work of the next candidate, as a share of the one that was too slow. */
const shrink = 0.8;

export interface ProposalOptions extends SearchContext {
  readonly limits: Limits;
  /** Keys of what was scored. */
  readonly seen: ReadonlySet<string>;
  /** Milliseconds for one image; called only where time is limited. */
  readonly measureLatency: (architecture: Architecture) => Promise<number>;
}

export interface Proposal {
  readonly architecture: Architecture;
  readonly latencyMs?: number;
}

/** Throws a SmashError ("config") if no network within the limits was found. */
export async function proposeWithin(
  strategy: Strategy,
  history: readonly Trial[],
  { limits, measureLatency, space, random, ...rest }: ProposalOptions,
): Promise<Proposal> {
  // What is perturbed further, or competes, keeps to the limits as well.
  const allowed = history.filter((trial) => isWithin(limits, trial));
  const draw = (within: SearchSpace, attempt: number) =>
    proposeNew(strategy, allowed, {
      ...rest,
      space: within,
      random: attempt === 0 ? random : random.fork("slow", attempt),
    });
  if (limits.latencyMs === undefined) return { architecture: draw(limitSpace(space, limits), 0) };
  const smallest = new SmallestCost();
  let { flops } = limits;
  for (let attempt = 0; attempt < mostMeasured; attempt++) {
    let architecture: Architecture;
    try {
      architecture = draw(limitSpace(space, { ...limits, flops }), attempt);
    } catch (error) {
      // The space ends before the work is little enough.
      if (flops !== limits.flops && error instanceof SmashError && error.code === "config") break;
      throw error;
    }
    const latencyMs = await measureLatency(architecture);
    if (latencyMs <= limits.latencyMs) return { architecture, latencyMs };
    const cost = smallest.add(architecture, latencyMs);
    if (attempt + 1 >= freelyDrawn) flops = Math.floor(shrink * cost.flops);
  }
  throw smallest.noneWithin(limits);
}
