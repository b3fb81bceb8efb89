/** Pareto fronts for a terminal: what each cost buys, a line for each. */

import type { CostName, Pareto, RankedBy } from "../search/index.js";
import { formatCount, formatMs } from "./format.js";
import { scoreNaming } from "./score-naming.js";

/** Points of a line: what fits on about 80 columns. */
const mostPoints = 5;

const nouns: Readonly<Record<CostName, string>> = {
  parameters: "parameters",
  flops: "multiply-adds",
  latencyMs: "latency",
};

/** "1.53 at 45.2k, 1.49 at 61.0k": the ends of the front and evenly chosen points between them. Empty without trials. */
export function formatParetoLines(pareto: Pareto, rankedBy: RankedBy): readonly string[] {
  const { noun, format } = scoreNaming[rankedBy];
  return (Object.keys(nouns) as CostName[]).flatMap((cost) => {
    const front = pareto[cost] ?? [];
    if (front.length === 0) return [];
    const points = thin(front, mostPoints).map((trial) => {
      const value = cost === "latencyMs" ? `${formatMs(trial.latencyMs!)} ms` : formatCount(trial[cost]);
      return `${format(trial.score)} at ${value}`;
    });
    return [`least ${noun} for its ${nouns[cost]}: ${points.join(", ")}`];
  });
}

function thin<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from(
    { length: most },
    (_, index) => items[Math.round((index * (items.length - 1)) / (most - 1))],
  );
}
