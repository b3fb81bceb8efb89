/** The result of a study that compares predictors with true errors, as the contract's JSON. */

import { Random } from "../random.js";
import {
  betterHalf,
  groupPositions,
  interval95,
  meanRanks,
  measureAgreement,
  spearman,
  type Agreement,
  type Interval,
} from "../statistics/index.js";

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

/** Whether the score knows anything that the baselines do not: mean ranks of all of them, without it and with it. */
export interface Combined {
  readonly baselines: Agreement;
  readonly withScore: Agreement;
  /** Differences of the Spearman correlations, with paired bootstrap intervals. */
  readonly gain: {
    readonly spearman: number;
    readonly topHalfSpearman: number;
    readonly interval95: { readonly spearman: Interval; readonly topHalfSpearman: Interval };
  };
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
  /** What each of both says of the architectures, lower is better: for comparisons with truths of later. */
  readonly values: Readonly<Record<string, readonly number[]>>;
  /** Null without baselines. */
  readonly combined: Combined | null;
}

/** Values that can be ranked: one that is not a number predicts the worst. */
export function ranked(values: readonly number[]): number[] {
  return values.map((value) => (Number.isNaN(value) ? Infinity : value));
}

export function compare(input: ComparisonInput): ComparisonDocument {
  const { study, names, truths, predictors, baselines, parameters, seed, clusters, resamples } = input;
  const agree = ({ values }: Predictor) =>
    measureAgreement(ranked(values), truths, {
      parameters,
      clusters,
      seed,
      resamples,
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
    values: Object.fromEntries([...predictors, ...baselines].map(({ name, values }) => [name, values])),
    combined: baselines.length > 0 ? combine(input, agree) : null,
  };
}

/** All with equal weights: weights fitted to the truths would need truths of their own. */
function combine(
  { predictors: [score], baselines, truths, clusters, seed, resamples }: ComparisonInput,
  agree: (predictor: Predictor) => Agreement,
): Combined {
  const [without, withScore] = [baselines, [score, ...baselines]].map((predictors) =>
    meanRanks(predictors.map(({ values }) => ranked(values))),
  );
  const gainOf = (positions: readonly number[]) => {
    const at = (values: readonly number[]) => positions.map((position) => values[position]);
    return spearman(at(withScore), at(truths)) - spearman(at(without), at(truths));
  };
  const [all, half] = [[...truths.keys()], betterHalf(truths)];
  const interval = (positions: readonly number[], name: string) => {
    const groups = groupPositions(positions, clusters);
    return interval95(groups.length, (drawn) => gainOf(drawn.flatMap((place) => groups[place])), {
      random: Random.stream(seed, "bootstrap", "gain", name),
      resamples,
    });
  };
  return {
    baselines: agree({ name: "baselines", values: without }),
    withScore: agree({ name: "score and baselines", values: withScore }),
    gain: {
      spearman: gainOf(all),
      topHalfSpearman: gainOf(half),
      interval95: { spearman: interval(all, "all"), topHalfSpearman: interval(half, "half") },
    },
  };
}
