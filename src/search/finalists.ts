/**
 * Who is trained in the end.
 *
 * The first of a ranking are perturbations of one another, which train alike: to choose among them gains little. So the
 * best of every family stand, and a family is a random sample and all that came of it. The largest of them stand as
 * well: size is a strong rival of the score, most of all within a limit (docs/results/finalists.md).
 */

import { isWithin, type Limits } from "./limits.js";
import { rankGenerated, type RankedBy } from "./score.js";
import type { Trial } from "./trial.js";

/** How finalists are chosen. */
export interface FinalistChoice {
  readonly count: number;
  readonly rankedBy: RankedBy;
  /** Default: nothing. */
  readonly limits?: Limits;
}

/**
 * The best within the limits of different families: the first by its score, the one with most multiply-adds, the second by
 * its score, the one with second most, and so on, each once. Where there are fewer families than `count`, the first of
 * their other members as well.
 */
export function chooseFinalists(
  trials: readonly Trial[],
  { count, rankedBy, limits = {} }: FinalistChoice,
): readonly Trial[] {
  const founders = findFounders(trials);
  const ranked = rankGenerated(
    trials.filter((trial) => isWithin(limits, trial)),
    rankedBy,
  );
  const families = new Map<number, Trial>();
  for (const trial of ranked) {
    const founder = founders.get(trial.id)!;
    if (!families.has(founder)) families.set(founder, trial);
  }
  const heads = [...families.values()];
  const bySize = heads.toSorted((one, other) => other.flops - one.flops);
  const inTurn = heads.flatMap((head, place) => [head, bySize[place]]);
  return [...new Set([...inTurn, ...ranked])].slice(0, count);
}

/** The first ancestor of every trial, by their ids. */
function findFounders(trials: readonly Trial[]): ReadonlyMap<number, number> {
  const founders = new Map<number, number>();
  // In the order of scoring, so that parents come before their children.
  for (const { id, parent } of trials.toSorted((one, other) => one.id - other.id)) {
    founders.set(id, parent === undefined ? id : (founders.get(parent) ?? parent));
  }
  return founders;
}
