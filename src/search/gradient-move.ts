/**
 * A step along dE/dc, rounded to a discrete change (SMASH section 5.1, where it did no better than random changes): of
 * several perturbations of an architecture, the one for which the first-order change of the loss, the inner product of
 * dE/dc and the change in c, is lowest.
 *
 * Not a `Strategy`: those see trials alone, and dE/dc takes the network. Pure all the same: the gradient is an argument.
 */

import { encodingChange, type Architecture, type SearchSpace } from "../arch/index.js";
import type { Random } from "../random.js";

/** A perturbation, and what the gradient predicts of it. */
export interface Candidate {
  readonly architecture: Architecture;
  /** First-order change of the loss, nats; negative is better. */
  readonly predictedChange: number;
  /** Share of the entries of c that are others, 0 … 1. */
  readonly changedShare: number;
}

/** "gradient": lowest predicted change; "opposite": highest; "random": the first drawn. */
export const moveKinds = ["gradient", "random", "opposite"] as const;
/** How a move chooses among its candidates. */
export type MoveKind = (typeof moveKinds)[number];

/** What candidates of a move are drawn from. */
export interface CandidateOptions {
  readonly space: SearchSpace;
  readonly random: Random;
  readonly count: number;
}

/** Perturbations of an architecture. `gradient`: dE/dc of that architecture, in the shape of `encode`. */
export function drawCandidates(
  architecture: Architecture,
  gradient: Float32Array,
  { space, random, count }: CandidateOptions,
): readonly Candidate[] {
  return Array.from({ length: count }, (_, index) => {
    const candidate = space.perturb(architecture, random.fork(index));
    const { data } = encodingChange(architecture, candidate, space.settings);
    let [predictedChange, changed] = [0, 0];
    for (const [entry, change] of data.entries()) {
      predictedChange += gradient[entry] * change;
      if (change !== 0) changed++;
    }
    return { architecture: candidate, predictedChange, changedShare: changed / data.length };
  });
}

/** The candidate that a kind of move takes; of candidates that are predicted alike, the first drawn. */
export function chooseCandidate(candidates: readonly Candidate[], kind: MoveKind): Candidate {
  const sign = { gradient: 1, random: 0, opposite: -1 }[kind];
  return candidates.reduce((best, candidate) =>
    sign * candidate.predictedChange < sign * best.predictedChange ? candidate : best,
  );
}
