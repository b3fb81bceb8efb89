import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readGolden } from "../../test/goldens/golden.js";
import { Random } from "../random.js";
import { attainableCorrelation, betterHalf, measureAgreement, seedCeiling } from "./agreement.js";
import { estimateMean, interval95, quantile } from "./bootstrap.js";
import { kendall, mean, partialSpearman, pearson, spearman } from "./correlation.js";
import { averageRanks, meanRanks } from "./ranks.js";

interface Golden {
  readonly name: string;
  readonly x: readonly number[];
  readonly y: readonly number[];
  readonly control: readonly number[];
  readonly ranks: readonly number[];
  readonly pearson: number;
  readonly spearman: number;
  readonly kendall: number;
  readonly partialSpearman: number;
  readonly quantiles: readonly number[];
}

describe.each(readGolden<readonly Golden[]>("statistics"))("pairs $name", (golden) => {
  const { x, y, control } = golden;

  it("have SciPy's ranks and quantiles", () => {
    expect(averageRanks(x)).toEqual(golden.ranks);
    const sorted = [...x].sort((one, other) => one - other);
    for (const [index, fraction] of [0.025, 0.5, 0.975].entries()) {
      expect(quantile(sorted, fraction)).toBeCloseTo(golden.quantiles[index], 12);
    }
  });

  it("have SciPy's correlations", () => {
    expect(pearson(x, y)).toBeCloseTo(golden.pearson, 12);
    expect(spearman(x, y)).toBeCloseTo(golden.spearman, 12);
    expect(kendall(x, y)).toBeCloseTo(golden.kendall, 12);
  });

  it("have the partial correlation that residuals of a fit have", () => {
    if (x.length > 3) expect(partialSpearman(x, y, control)).toBeCloseTo(golden.partialSpearman, 10);
  });
});

const lists = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 })), {
    minLength: 3,
    maxLength: 30,
  })
  .map((pairs) => [pairs.map(([x]) => x), pairs.map(([, y]) => y)] as const);

describe("correlations", () => {
  it("by rank take infinite values as the largest, equal among themselves", () => {
    expect(averageRanks([Infinity, 2, Infinity, 1])).toEqual([3.5, 2, 3.5, 1]);
    expect(spearman([1, 2, Infinity], [1, 2, 3])).toBeCloseTo(1, 12);
    expect(kendall([1, 2, Infinity], [1, 2, 3])).toBeCloseTo(1, 12);
  });

  it("lie between -1 and 1, are symmetric, and turn with the sign", () => {
    fc.assert(
      fc.property(lists, ([x, y]) => {
        for (const of of [pearson, spearman, kendall]) {
          const value = of(x, y);
          if (Number.isNaN(value)) {
            expect(new Set(x).size === 1 || new Set(y).size === 1).toBe(true);
            continue;
          }
          expect(Math.abs(value)).toBeLessThanOrEqual(1 + 1e-12);
          expect(of(y, x)).toBeCloseTo(value, 12);
          expect(
            of(
              x.map((number) => -number),
              y,
            ),
          ).toBeCloseTo(-value, 12);
        }
      }),
    );
  });
});

describe("the bootstrap", () => {
  const random = Random.stream(1, "pairs");
  const x = Array.from({ length: 100 }, () => random.uniform());
  const y = x.map((value) => value + random.uniform());
  const statistic = (positions: readonly number[]) =>
    pearson(
      positions.map((position) => x[position]),
      positions.map((position) => y[position]),
    );

  it("gives an interval around the value, about as wide as Fisher's", () => {
    const [low, high] = interval95(100, statistic, { random: Random.stream(1) });
    const value = pearson(x, y);
    expect(low).toBeLessThan(value);
    expect(high).toBeGreaterThan(value);
    const fisher = (sign: number) => Math.tanh(Math.atanh(value) + (sign * 1.96) / Math.sqrt(97));
    expect(Math.abs(high - low - (fisher(1) - fisher(-1)))).toBeLessThan(0.06);
  });

  it("draws any of the positions, and leaves out resamplings where the statistic is not defined", () => {
    const drawn = new Set<number>();
    const statisticOf = (value: number) => (positions: readonly number[]) => {
      for (const position of positions) drawn.add(position);
      return positions[0] === 0 ? NaN : value;
    };
    expect(interval95(3, statisticOf(1), { random: Random.stream(1) })).toEqual([1, 1]);
    expect(drawn).toEqual(new Set([0, 1, 2]));
    expect(interval95(3, statisticOf(NaN), { random: Random.stream(1) })).toEqual([NaN, NaN]);
  });

  it("of a mean is as narrow as the mean is sure, not as wide as the values", () => {
    const { mean: value, interval95: interval } = estimateMean(x, { random: Random.stream(1) });
    expect(value).toBe(mean(x));
    const deviation = Math.sqrt(mean(x.map((one) => (one - value) ** 2)));
    expect((interval[1] - interval[0]) / ((2 * 1.96 * deviation) / 10)).toBeCloseTo(1, 0.7);
  });

  it("gives the same interval for the same seed, another for another", () => {
    const interval = (seed: number) =>
      interval95(100, statistic, { random: Random.stream(seed), resamples: 200 });
    expect(interval(1)).toEqual(interval(1));
    expect(interval(1)).not.toEqual(interval(2));
  });
});

describe("agreement", () => {
  const truths = Array.from({ length: 40 }, (_, index) => index / 100);

  it("of scores in the order of the truths is perfect, and its first choice the best", () => {
    const agreement = measureAgreement(
      truths.map((truth) => 10 * truth ** 2),
      truths,
      { seed: 0, resamples: 50 },
    );
    expect(agreement).toMatchObject({ n: 40, spearman: 1, kendall: 1, partialSpearman: null });
    expect(agreement.topHalf).toEqual({ n: 20, spearman: 1, kendall: 1 });
    expect(agreement.firstChoice).toEqual({ rank: 1, truth: 0 });
  });

  it("in the better half is apart from that over all", () => {
    // Good ones are told from bad ones, but are in the wrong order among themselves.
    const scores = truths.map((truth, index) => (index < 20 ? -truth : 1 + truth));
    const agreement = measureAgreement(scores, truths, { seed: 0, resamples: 50 });
    expect(agreement.spearman).toBeGreaterThan(0.7);
    expect(agreement.topHalf.spearman).toBeCloseTo(-1, 12);
    expect(agreement.firstChoice.rank).toBe(20);
    expect(agreement.interval95.topHalfSpearman[1]).toBeCloseTo(-1, 12);
    expect(agreement.interval95.kendall[0]).toBeLessThan(agreement.kendall);
    // Kendall's tau lies well below Spearman's rho here.
    expect(agreement.interval95.kendall[1]).toBeLessThan(agreement.interval95.spearman[1] - 0.05);
  });

  it("of equal scores has the first as its choice, at the mean place of equal truths", () => {
    const { firstChoice } = measureAgreement([1, 1, 2, 2], [0.2, 0.3, 0.2, 0.1], { seed: 0, resamples: 10 });
    expect(firstChoice).toEqual({ rank: 2.5, truth: 0.2 });
  });

  it("has intervals that know which pairs depend on each other", () => {
    const random = Random.stream(6);
    const few = Array.from({ length: 12 }, (_, index) => index + 6 * random.uniform());
    const fewTruths = few.map((_, index) => index);
    const fourTimes = (values: readonly number[]) => values.flatMap((value) => [value, value, value, value]);
    const width = (options: { readonly clusters?: readonly number[] }) => {
      const { interval95: intervals } = measureAgreement(fourTimes(few), fourTimes(fewTruths), {
        ...options,
        seed: 0,
      });
      return intervals.spearman[1] - intervals.spearman[0];
    };
    // Repeating pairs adds nothing to what is known of them.
    const { interval95: once } = measureAgreement(few, fewTruths, { seed: 0 });
    expect(width({ clusters: fourTimes(fewTruths) })).toBeCloseTo(once.spearman[1] - once.spearman[0], 1);
    expect(width({})).toBeLessThan(0.7 * width({ clusters: fourTimes(fewTruths) }));
  });

  it("that the parameters alone explain is gone from the partial correlation", () => {
    const random = Random.stream(5);
    const parameters = truths.map((truth) => 1e6 * (1 - truth) + 1e4 * random.uniform());
    const scores = parameters.map((count) => -count);
    const { partialSpearman: partial, spearman: plain } = measureAgreement(scores, truths, {
      parameters,
      seed: 0,
      resamples: 50,
    });
    expect(plain).toBeGreaterThan(0.9);
    expect(partial).toBeNaN();
  });

  it("takes the half with the lowest errors, the larger one of an odd number", () => {
    expect(betterHalf([3, 1, 2, 5, 4])).toEqual([1, 2, 0]);
  });

  it("between seeds is the mean over every two of them", () => {
    expect(seedCeiling([truths, truths, truths.map((truth) => -truth)])).toBeCloseTo(-1 / 3, 12);
  });

  it.each([1, 2, 5])(
    "tells what a perfect predictor reaches with the mean of %i noisy trainings",
    (count) => {
      const random = Random.stream(0, "noisy");
      // A sum of uniform numbers is nearly normal, for which ranks behave as values do.
      const draw = () =>
        Array.from({ length: 12 }, () => random.uniform()).reduce((sum, value) => sum + value, -6);
      const perfect = Array.from({ length: 3000 }, draw);
      const trainings = Array.from({ length: count + 1 }, () => perfect.map((error) => error + 1.5 * draw()));
      const ceiling = seedCeiling(trainings);
      const measured = perfect.map((_, item) =>
        mean(trainings.slice(0, count).map((errors) => errors[item])),
      );
      expect(attainableCorrelation(ceiling, count)).toBeCloseTo(spearman(perfect, measured), 1.3);
      expect(attainableCorrelation(-0.1, count)).toBe(0);
    },
  );

  it("of several orders is their mean rank, whatever the scales", () => {
    expect(meanRanks([truths, truths.map((truth) => 1000 * truth - 7)])).toEqual(averageRanks(truths));
  });
});
