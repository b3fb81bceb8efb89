/** The result of a study that compares predictors with true errors, as the contract's JSON. */

import { measureAgreement, type Agreement } from "../statistics/index.js";

export interface Predictor {
  readonly name: string;
  /** Lower predicts a better network. */
  readonly values: readonly number[];
}

export interface ComparisonInput {
  readonly study: string;
  /** Of the architectures, in the order of `truths`. */
  readonly names: readonly string[];
  /** Fractions. */
  readonly truths: readonly number[];
  /** What the study is about; the first one is its headline. */
  readonly predictors: readonly Predictor[];
  readonly baselines: readonly Predictor[];
  readonly parameters: readonly number[];
  readonly seed: number;
  /** Which of the truths depend on each other: those with equal numbers. Default: none. */
  readonly clusters?: readonly number[] | undefined;
  /** Of the bootstrap. Default 1000. */
  readonly resamples?: number | undefined;
}

export interface ComparisonDocument extends Omit<Agreement, "n"> {
  readonly study: string;
  readonly n: number;
  readonly architectures: readonly string[];
  /** Of the headline predictor; lower is better. */
  readonly scores: readonly number[];
  /** True errors, fractions. */
  readonly truths: readonly number[];
  /** Every predictor of the study by name. */
  readonly by: Readonly<Record<string, Agreement>>;
  readonly baselines: Readonly<Record<string, Agreement>>;
}

/** A score that is not a number predicts the worst. */
const lastIfUndefined = (value: number) => (Number.isNaN(value) ? Infinity : value);

export function compare(input: ComparisonInput): ComparisonDocument {
  const { study, names, truths, predictors, baselines, parameters, seed, clusters, resamples } = input;
  const agree = ({ values }: Predictor) =>
    measureAgreement(values.map(lastIfUndefined), truths, {
      parameters,
      clusters,
      seed,
      ...(resamples !== undefined && { resamples }),
    });
  const table = (list: readonly Predictor[]) =>
    Object.fromEntries(list.map((predictor) => [predictor.name, agree(predictor)]));
  const by = table(predictors);
  const [headline] = predictors;
  return {
    study,
    ...by[headline.name],
    architectures: names,
    scores: headline.values,
    truths,
    by,
    baselines: table(baselines),
  };
}
