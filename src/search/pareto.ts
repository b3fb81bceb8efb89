/** Which trials are worth their cost: no other has a score at least as good for at most as much. */

import type { Cost } from "../arch/index.js";
import { scoreTrials, type RankedBy, type ScoredTrial } from "./score.js";
import type { Trial } from "./trial.js";

/** What a score is weighed against. */
export type CostName = keyof Cost | "latencyMs";

/** A point: a score and what it costs, lower is better in both. */
export interface ScoredCost {
  /** Lower is better. */
  readonly score: number;
  readonly cost: number;
}

/**
 * The items that no other dominates, by ascending cost, thus by falling score. Of items equal in both the first stays.
 * Those whose score or cost is not finite are left out.
 */
export function paretoFront<T>(items: readonly T[], measure: (item: T) => ScoredCost): readonly T[] {
  const front: T[] = [];
  let best = Infinity;
  const measured = items.map((item) => ({ item, ...measure(item) }));
  // Sorting is stable: equal ones keep their order.
  for (const { item, score } of measured
    .filter(({ score, cost }) => Number.isFinite(score) && Number.isFinite(cost))
    .sort((one, other) => one.cost - other.cost || one.score - other.score)) {
    if (score >= best) continue;
    front.push(item);
    best = score;
  }
  return front;
}

/** A trial as a measured point; the cost of a latency that was not measured is not finite. */
export function pointOf({ trial, score }: ScoredTrial, cost: CostName): ScoredCost {
  return { score, cost: trial[cost] ?? Infinity };
}

/** A trial of a front, with its score; its architecture stands in the ranking, under the same id. */
export type FrontTrial = Omit<Trial, "architecture"> & Pick<ScoredTrial, "score">;

/** The front of every cost: of latency only where some were measured. */
export type Pareto = Readonly<Partial<Record<CostName, readonly FrontTrial[]>>>;

/** The fronts of a search: of the score against every cost that was counted or measured. */
export function paretoFronts(trials: readonly Trial[], rankedBy: RankedBy): Pareto {
  const hasLatency = trials.some(({ latencyMs }) => latencyMs !== undefined);
  const costs: readonly CostName[] = ["parameters", "flops", ...(hasLatency ? ["latencyMs" as const] : [])];
  const scored = scoreTrials(trials, rankedBy);
  return Object.fromEntries(
    costs.map((cost) => [
      cost,
      paretoFront(scored, (one) => pointOf(one, cost)).map(
        ({ trial: { architecture: _, ...rest }, score }): FrontTrial => ({ ...rest, score }),
      ),
    ]),
  );
}
