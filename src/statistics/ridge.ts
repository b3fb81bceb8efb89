/**
 * Ridge regression (Hoerl and Kennard 1970): a linear model for few examples of many features. Features count in standard
 * deviations of the examples; how far weights are held down is chosen by the error of each example when the model does
 * not know it, which for ridge regression needs no second fit (Allen 1974, PRESS).
 */

import { mean, type Numbers } from "./correlation.js";

/** Penalties to choose from, in units of one example. */
export const penalties = [1, 3, 10, 30, 100, 300];

/** A fitted model. */
export interface Ridge {
  /** The penalty on squared weights that was chosen. */
  readonly penalty: number;
  readonly predict: (features: Numbers) => number;
  /** What the model says of each example when its weights are fitted to the others; penalty and scales are those of all. */
  readonly leftOut: Numbers;
}

/**
 * Fits `targets` from `rows`, a row of features for each, all finite; features that do not vary take no part. Throws
 * `RangeError` for fewer than two examples.
 */
export async function fitRidge(rows: readonly Numbers[], targets: Numbers): Promise<Ridge> {
  // Commands that fit nothing start without the time that its modules take.
  const { Matrix, SVD } = await import("ml-matrix");
  if (rows.length < 2) throw new RangeError(`a ridge regression needs two examples, not ${rows.length}`);
  const scales = rows[0].map((_, column) => standardScale(rows.map((row) => row[column])));
  const standardize = (row: Numbers) =>
    scales.map(({ center, deviation }, column) => {
      return deviation > 0 ? (row[column] - center) / deviation : 0;
    });
  const offset = mean(targets);
  // Rows are as many as examples, so the decomposition is small whatever the number of features.
  const {
    leftSingularVectors: u,
    diagonal,
    rightSingularVectors: v,
  } = new SVD(new Matrix(rows.map(standardize)), { autoTranspose: true });
  const projected = u.transpose().mmul(Matrix.columnVector(targets.map((target) => target - offset)));
  const shrunk = (penalty: number) => diagonal.map((s) => (s * s) / (s * s + penalty));
  const leaveOut = (penalty: number): number[] => {
    const kept = shrunk(penalty);
    return targets.map((target, row) => {
      const of = u.getRow(row);
      const fitted = of.reduce((sum, value, k) => sum + value * kept[k] * projected.get(k, 0), offset);
      const leverage = of.reduce((sum, value, k) => sum + value * value * kept[k], 1 / rows.length);
      return target - (target - fitted) / Math.max(1 - leverage, leastFreedom);
    });
  };
  const error = (leftOut: Numbers) => mean(leftOut.map((value, row) => (value - targets[row]) ** 2));
  const choices = penalties.map((penalty) => ({ penalty, leftOut: leaveOut(penalty) }));
  const { penalty, leftOut } = choices.reduce((best, other) =>
    error(other.leftOut) < error(best.leftOut) ? other : best,
  );
  const weights = v
    .mmul(Matrix.columnVector(diagonal.map((s, k) => (s / (s * s + penalty)) * projected.get(k, 0))))
    .getColumn(0);
  return {
    penalty,
    predict: (features) =>
      standardize(features).reduce((sum, value, column) => sum + value * weights[column], offset),
    leftOut,
  };
}

/** Of an example that the model fits exactly nothing is left to be measured by. */
const leastFreedom = 1e-6;

function standardScale(column: Numbers) {
  const center = mean(column);
  const deviation = Math.sqrt(mean(column.map((value) => (value - center) ** 2)));
  // Rounding of equal values is no variation.
  return { center, deviation: deviation > 1e-9 * Math.abs(center) ? deviation : 0 };
}
