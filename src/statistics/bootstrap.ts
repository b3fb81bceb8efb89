/** How sure a statistic of n pairs is: the interval that 95 % of resamplings of the pairs give (percentile bootstrap). */

import type { Random } from "../random.js";
import { mean } from "./correlation.js";

/** Lower and upper end. */
export type Interval = readonly [low: number, high: number];

export interface BootstrapOptions {
  readonly random: Random;
  /** Default 1000. */
  readonly resamples?: number | undefined;
}

/** Quantile with linear interpolation between the sorted values. */
export function quantile(sorted: readonly number[], fraction: number): number {
  const position = fraction * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/**
 * `statistic` is given positions 0 … count - 1, drawn with replacement. Resamplings where it is not defined (all values
 * equal) are left out; NaN when none is left.
 */
export function interval95(
  count: number,
  statistic: (positions: readonly number[]) => number,
  { random, resamples = 1000 }: BootstrapOptions,
): Interval {
  const values: number[] = [];
  for (let resample = 0; resample < resamples; resample++) {
    const value = statistic(Array.from({ length: count }, () => random.integer(0, count - 1)));
    if (!Number.isNaN(value)) values.push(value);
  }
  if (values.length === 0) return [NaN, NaN];
  values.sort((one, other) => one - other);
  return [quantile(values, 0.025), quantile(values, 0.975)];
}

/** A mean, and how sure it is. */
export interface Estimate {
  readonly mean: number;
  readonly interval95: Interval;
}

/** The mean of the values with its bootstrap interval. */
export function estimateMean(values: readonly number[], options: BootstrapOptions): Estimate {
  const interval = interval95(values.length, (drawn) => mean(drawn.map((item) => values[item])), options);
  return { mean: mean(values), interval95: interval };
}
