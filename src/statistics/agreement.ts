/**
 * How well scores order architectures by their true errors. Everywhere lower is better, in scores as in truths, so that
 * a perfect score has correlation 1.
 */

import { Random } from "../random.js";
import { interval95, type Interval } from "./bootstrap.js";
import { kendall, mean, partialSpearman, pearson, spearman } from "./correlation.js";
import type { Correlation, Numbers } from "./correlation.js";
import { order } from "./ranks.js";

/** Rank correlations among the better half. */
export interface HalfAgreement {
  readonly n: number;
  readonly spearman: number;
  readonly kendall: number;
}

/** How well scores order architectures by their true errors. */
export interface Agreement {
  readonly n: number;
  readonly spearman: number;
  readonly kendall: number;
  readonly pearson: number;
  /** Spearman with what the logarithm of the parameters explains taken out; null where no parameters were given. */
  readonly partialSpearman: number | null;
  /** Among the half of the architectures with the lowest true errors. */
  readonly topHalf: HalfAgreement;
  /** Place of the score's first choice in the order of true errors, 1 the best; ties share a mean place. */
  readonly firstChoice: { readonly rank: number; readonly truth: number };
  readonly interval95: {
    readonly spearman: Interval;
    readonly kendall: Interval;
    readonly topHalfSpearman: Interval;
  };
}

/** What `measureAgreement` needs besides scores and truths. */
export interface AgreementOptions {
  /** Of the architectures, for `partialSpearman`. */
  readonly parameters?: Numbers | undefined;
  /** Numbers of what is resampled together, because it depends on each other. Default: every pair alone. */
  readonly clusters?: Numbers | undefined;
  /** Of the bootstrap. */
  readonly seed: number;
  /** Default 1000. */
  readonly resamples?: number | undefined;
}

/** Positions of the half with the lowest true errors; of an odd number, the larger half. */
export function betterHalf(truths: Numbers): number[] {
  const ordered = [...truths.keys()].sort((one, other) => order(truths[one], truths[other]));
  return ordered.slice(0, Math.ceil(truths.length / 2));
}

const at = (values: Numbers, positions: Numbers) => positions.map((position) => values[position]);

/** What a bootstrap draws: the positions by cluster, in the order of the clusters' first ones; without clusters each alone. */
export function groupPositions(positions: Numbers, clusters: Numbers | undefined): readonly Numbers[] {
  const groups = new Map<number, number[]>();
  for (const position of positions) {
    const cluster = clusters?.[position] ?? position;
    groups.set(cluster, [...(groups.get(cluster) ?? []), position]);
  }
  return [...groups.values()];
}

/** Rank correlations of `scores` with `truths`, both lower for better, with 95 % intervals from a seeded bootstrap. */
export function measureAgreement(scores: Numbers, truths: Numbers, options: AgreementOptions): Agreement {
  const { parameters, clusters, seed, resamples } = options;
  const half = betterHalf(truths);
  const interval = (of: Correlation, positions: Numbers, name: string) => {
    const groups = groupPositions(positions, clusters);
    return interval95(
      groups.length,
      (drawn) => {
        const chosen = drawn.flatMap((number) => groups[number]);
        return of(at(scores, chosen), at(truths, chosen));
      },
      { random: Random.stream(seed, "bootstrap", name), resamples },
    );
  };
  const all = [...truths.keys()];
  return {
    n: truths.length,
    spearman: spearman(scores, truths),
    kendall: kendall(scores, truths),
    pearson: pearson(scores, truths),
    // Ranks are the same for the parameters and their logarithm.
    partialSpearman: parameters ? partialSpearman(scores, truths, parameters) : null,
    topHalf: {
      n: half.length,
      spearman: spearman(at(scores, half), at(truths, half)),
      kendall: kendall(at(scores, half), at(truths, half)),
    },
    firstChoice: firstChoice(scores, truths),
    interval95: {
      spearman: interval(spearman, all, "spearman"),
      kendall: interval(kendall, all, "kendall"),
      topHalfSpearman: interval(spearman, half, "topHalfSpearman"),
    },
  };
}

function firstChoice(scores: Numbers, truths: Numbers): Agreement["firstChoice"] {
  const first = scores.reduce((best, score, index) => (score < scores[best] ? index : best), 0);
  const truth = truths[first];
  const better = truths.filter((other) => other < truth).length;
  const equal = truths.filter((other) => other === truth).length;
  return { rank: better + (equal + 1) / 2, truth };
}

/** How well one training foretells another: mean Spearman of the true errors between every two training seeds. */
export function seedCeiling(truthsBySeed: readonly Numbers[]): number {
  const correlations = truthsBySeed.flatMap((truths, seed) =>
    truthsBySeed.slice(0, seed).map((others) => spearman(truths, others)),
  );
  return mean(correlations);
}

/**
 * The correlation that a perfect predictor is expected to have with the mean error over so many trainings: the square
 * root of that mean's reliability, which follows from the correlation of one training with another (Spearman 1910,
 * Brown 1910).
 */
export function attainableCorrelation(seedCeiling: number, trainings: number): number {
  const reliability = Math.max(0, seedCeiling);
  return Math.sqrt((trainings * reliability) / (1 + (trainings - 1) * reliability));
}
