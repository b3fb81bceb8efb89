/**
 * Correlation of two equally long lists, -1 … 1; NaN where one of them is constant.
 *
 * Of our own because the typed statistics packages have no Kendall tau-b and no ranks that treat ties; scores on a
 * thousand images tie often.
 */

import { averageRanks, order } from "./ranks.js";

/** One number for each architecture. */
export type Numbers = readonly number[];

/** Correlation of x and y. */
export type Correlation = (x: Numbers, y: Numbers) => number;

/** NaN of no values. */
export function mean(values: Numbers): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function pearson(x: Numbers, y: Numbers): number {
  const [meanX, meanY] = [mean(x), mean(y)];
  let [products, squaresX, squaresY] = [0, 0, 0];
  for (const [index, value] of x.entries()) {
    const [dx, dy] = [value - meanX, y[index] - meanY];
    products += dx * dy;
    squaresX += dx * dx;
    squaresY += dy * dy;
  }
  return products / Math.sqrt(squaresX * squaresY);
}

/** Spearman's rho: Pearson's correlation of the ranks. */
export function spearman(x: Numbers, y: Numbers): number {
  return pearson(averageRanks(x), averageRanks(y));
}

/** Kendall's tau-b: agreeing minus disagreeing pairs, over the pairs that are not tied in x and in y. */
export function kendall(x: Numbers, y: Numbers): number {
  let [difference, untiedX, untiedY] = [0, 0, 0];
  for (let one = 1; one < x.length; one++) {
    for (let other = 0; other < one; other++) {
      const [signX, signY] = [order(x[one], x[other]), order(y[one], y[other])];
      difference += signX * signY;
      untiedX += signX * signX;
      untiedY += signY * signY;
    }
  }
  return difference / Math.sqrt(untiedX * untiedY);
}

/**
 * Spearman's rho of x and y with what `control` explains of both taken out (partial correlation of the ranks); NaN where
 * nothing is left.
 */
export function partialSpearman(x: Numbers, y: Numbers, control: Numbers): number {
  const [xy, xc, yc] = [spearman(x, y), spearman(x, control), spearman(y, control)];
  const left = (1 - xc * xc) * (1 - yc * yc);
  return left < 1e-12 ? NaN : (xy - xc * yc) / Math.sqrt(left);
}
