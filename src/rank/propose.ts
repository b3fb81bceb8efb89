/**
 * The architecture of one trial: within all limits, and not one that was scored before.
 *
 * Size and work are counted, so the space is cut down to them. Latency is measured, which takes a good part of a second:
 * only candidates that keep to the other limits are, and there is a most of them. After a few that were too slow each
 * must have a fifth less work than the one before, because time grows with work.
 */

import type { Architecture, SearchSpace } from "../arch/index.js";
import { isSmashError } from "../errors.js";
import {
  isWithin,
  limitSpace,
  proposeNew,
  SmallestCost,
  type Limits,
  type Proposal,
  type SearchContext,
  type Strategy,
  type Trial,
} from "../search/index.js";

/** Candidates for one trial, measured or not found. */
const mostTries = 24;
/** Of these, those that are drawn from all of the space within the other limits. */
const freelyDrawn = 6;
/** Work of the next candidate as a share of the last one's; the second once the space has no networks so small. */
const [firstShrink, secondShrink] = [0.8, 0.95];

export interface ProposalOptions extends SearchContext {
  readonly limits: Limits;
  /** Keys of what was scored. */
  readonly seen: ReadonlySet<string>;
  /** Milliseconds for one image; called only where time is limited. */
  readonly measureLatency: (architecture: Architecture) => Promise<number>;
}

/** A proposal within the limits, with what that took to measure. */
export interface MeasuredProposal extends Proposal {
  readonly latencyMs?: number;
}

/** Throws a SmashError ("config") if no network within the limits was found. */
export async function proposeWithin(
  strategy: Strategy,
  history: readonly Trial[],
  { limits, measureLatency, space, random, ...rest }: ProposalOptions,
): Promise<MeasuredProposal> {
  // What is perturbed further, or competes, keeps to the limits as well.
  const allowed = history.filter((trial) => isWithin(limits, trial));
  const draw = (within: SearchSpace, attempt: number) =>
    proposeNew(strategy, allowed, {
      ...rest,
      space: within,
      random: attempt === 0 ? random : random.fork("slow", attempt),
    });
  if (limits.latencyMs === undefined) return draw(limitSpace(space, limits), 0);
  const smallest = new SmallestCost();
  let shrink: number = firstShrink;
  let slowFlops = Infinity;
  for (let attempt = 0; attempt < mostTries; attempt++) {
    const isFree = attempt < freelyDrawn;
    const flops = isFree ? limits.flops : Math.floor(shrink * slowFlops);
    const proposal = orNothing(() => draw(limitSpace(space, { ...limits, flops }), attempt), isFree);
    if (!proposal) {
      // The space ends near here: on in smaller steps, at last in none.
      shrink = shrink === firstShrink ? secondShrink : 1;
      continue;
    }
    const latencyMs = await measureLatency(proposal.architecture);
    if (latencyMs <= limits.latencyMs) return { ...proposal, latencyMs };
    slowFlops = smallest.add(proposal.architecture, latencyMs).flops;
  }
  throw smallest.noneWithin(limits);
}

/** `undefined` where the space has no such network, unless that is for the user to know. */
function orNothing(draw: () => Proposal, mustExist: boolean): Proposal | undefined {
  try {
    return draw();
  } catch (error) {
    if (mustExist || !isSmashError(error, "config")) throw error;
    return undefined;
  }
}
