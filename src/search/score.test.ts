import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fakeHistory, spaceOf } from "./history.fixture.js";
import { rankingMeasures, rankScored, rankTrials, scoreTrials } from "./score.js";
import type { Trial } from "./trial.js";

const [template] = fakeHistory(spaceOf("tiny"), { seed: 0, count: 1 });
const makeTrials = (values: readonly (readonly [loss: number, naswot?: number])[]) =>
  values.map(([validationLoss, naswot], id): Trial => ({
    ...template,
    id,
    validationLoss,
    validationError: validationLoss / 3,
    ...(naswot !== undefined && { naswot }),
  }));
const idsOf = (trials: readonly Trial[]) => trials.map(({ id }) => id);

describe("a ranking", () => {
  it("by loss and NASWOT is by the mean of the ranks", () => {
    const trials = makeTrials([
      [1, -10], // ranks 1 and 3
      [2, -40], // 2 and 1
      [3, -20], // 3 and 2
    ]);
    expect(scoreTrials(trials, "loss+naswot").map(({ score }) => score)).toEqual([2, 1.5, 2.5]);
    expect(idsOf(rankTrials(trials, "loss+naswot"))).toEqual([1, 0, 2]);
    expect(idsOf(rankTrials(trials, "loss"))).toEqual([0, 1, 2]);
  });

  it("by loss and NASWOT puts an exploded network last, however well its untrained self sees", () => {
    const trials = makeTrials([
      [NaN, -99],
      [5, -1],
      [4, -2],
    ]);
    expect(idsOf(rankTrials(trials, "loss+naswot"))).toEqual([2, 1, 0]);
  });

  it("orders every trial once, by rising score, ties by their number", () => {
    const value = fc.oneof(fc.nat(5), fc.constantFrom(NaN, Infinity));
    fc.assert(
      fc.property(
        fc.constantFrom(...rankingMeasures),
        fc.array(fc.tuple(value, value), { maxLength: 20 }),
        (by, values) => {
          const ranked = rankScored(makeTrials(values), by);
          expect(ranked).toHaveLength(values.length);
          for (const [index, { trial, score }] of ranked.entries()) {
            if (index === 0) continue;
            const before = ranked[index - 1];
            expect(before.score <= score).toBe(true);
            if (before.score === score) expect(before.trial.id).toBeLessThan(trial.id);
          }
        },
      ),
    );
  });
});
