/**
 * Stochastic depth (Huang et al. 2016): in a training step some layers are left out, later ones more often. What stays is
 * scaled up, so that on average a layer contributes as much as in the whole network, which is what is evaluated.
 *
 * A layer of memory banks is what it writes; banks that only a left-out layer writes hold 0. Between the nodes of a cell
 * it is an edge that computes something (not a skip connection), and, as in FractalNet (Larsson et al. 2017), a node always
 * keeps an input. One draw holds for the whole batch: a layer left out is not computed.
 */

import { cellEdges, type Cell } from "../arch/index.js";
import type { Random } from "../random.js";

/** Which layers a forward pass of training leaves out (Huang et al. 2016). */
export interface StochasticDepth {
  /** Of leaving out the last layer, below 1; falls linearly to 0 before the first. */
  readonly probability: number;
  /** A stream of this step's own. */
  readonly random: Random;
}

/** Probability of leaving out layer `index` (from 0) of `count`. */
export function dropProbability(probability: number, index: number, count: number): number {
  return (probability * (index + 1)) / count;
}

/** Factor of a layer's contribution: 0, or what makes up for the steps without it. */
export function drawScale(random: Random, dropped: number): number {
  return random.bernoulli(dropped) ? 0 : 1 / (1 - dropped);
}

/** The same for every edge of a cell. */
export function drawEdgeScales(cell: Cell, random: Random, dropped: number): number[] {
  const scales = cell.map(() => 1);
  for (const target of new Set(cellEdges.map((edge) => edge.target))) {
    const inputs = cellEdges.flatMap((edge, index) =>
      edge.target === target && cell[index] !== "none" ? [index] : [],
    );
    const droppable = inputs.filter((index) => cell[index] !== "skip_connect");
    if (droppable.length === 0) continue;
    const isSafe = droppable.length < inputs.length;
    const kept = droppable.filter(() => !random.bernoulli(dropped));
    if (kept.length === 0 && !isSafe) kept.push(random.choice(droppable));
    // The probability of being among those kept.
    const survival = 1 - dropped + (isSafe ? 0 : dropped ** droppable.length / droppable.length);
    for (const index of droppable) scales[index] = kept.includes(index) ? 1 / survival : 0;
  }
  return scales;
}
