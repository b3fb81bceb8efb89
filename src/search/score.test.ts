import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fakeHistory, spaceOf } from "./history.fixture.js";
import { rankGenerated, rankingMeasures, rankScored, rankTrials, scoreTrials } from "./score.js";
import type { Trial } from "./trial.js";

const [template] = fakeHistory(spaceOf("tiny"), { seed: 0, count: 1 });
const makeTrials = (values: readonly (readonly [loss: number, naswot?: number])[]) =>
  values.map(([validationLoss, naswot], id): Trial => ({
    ...template,
    id,
    validationLoss,
    validationError: validationLoss / 3,
    predictedError: validationLoss / 4,
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
    // One without NASWOT is the last in it.
    const partly = scoreTrials(makeTrials([[1], [2, 5]]), "loss+naswot");
    expect(partly.map(({ score }) => score)).toEqual([1.5, 1.5]);
  });

  it("puts fine-tuned trials first, by their scores after it, diverged ones last, and leaves the scores before it alone", () => {
    const trials = makeTrials([[1.5], [1.1], [1.2], [1.4], [1.3]]).map((trial) => {
      const tuned = { 1: 1.05, 2: 1, 3: NaN }[trial.id];
      return tuned === undefined
        ? trial
        : { ...trial, fineTuned: { validationLoss: tuned, validationError: 1 - tuned / 3 } };
    });
    expect(idsOf(rankTrials(trials, "loss"))).toEqual([2, 1, 4, 0, 3]);
    expect(idsOf(rankTrials(trials, "error"))).toEqual([1, 2, 4, 0, 3]);
    expect(rankTrials(trials, "loss").every((trial) => trials.includes(trial))).toBe(true);
    expect(rankScored(trials, "loss").map(({ trial }) => trial.id)).toEqual([1, 2, 4, 3, 0]);
  });

  it("puts finalists first, by their errors after their training, equal ones as before, and diverged ones last of all", () => {
    const trials = makeTrials([[1.5], [1.1], [1.2], [1.4], [1.3]]).map((trial) => {
      // One diverged, as a store gives it back.
      const error = { 0: 0.25, 1: JSON.parse("null") as number, 2: 0.5, 4: 0.25 }[trial.id];
      return error === undefined
        ? trial
        : { ...trial, trained: { epochs: 1, validationError: error, validationLoss: 1 - error } };
    });
    // What was fine-tuned is chosen from, and no more.
    const tuned = trials.map((trial) =>
      trial.id === 3 ? { ...trial, fineTuned: { validationLoss: 1, validationError: 0 } } : trial,
    );
    for (const rankedBy of rankingMeasures)
      expect(idsOf(rankTrials(tuned, rankedBy))).toEqual([4, 0, 2, 3, 1]);
    expect(idsOf(rankGenerated(tuned, "loss"))).toEqual([3, 1, 2, 4, 0]);
  });

  it("by loss and NASWOT ranks fine-tuned trials among themselves", () => {
    const tune = (trial: Trial, validationLoss: number): Trial => ({
      ...trial,
      fineTuned: { validationLoss, validationError: 0.5 },
    });
    const [one, two, three] = makeTrials([
      [2, -10],
      [2, -20],
      [1, -99],
    ]);
    // By loss 1 and 2, by NASWOT 2 and 1: level, so the first stays first.
    expect(idsOf(rankTrials([tune(one, 1.4), tune(two, 1.5), three], "loss+naswot"))).toEqual([0, 1, 2]);
    expect(idsOf(rankTrials([tune(one, 1.5), tune(two, 1.4), three], "loss+naswot"))).toEqual([1, 0, 2]);
  });

  it("by predicted errors is by these, and of fine-tuned trials by the loss that they have now", () => {
    const trials = makeTrials([[3], [1], [2], [4]]).map((trial) => ({
      ...trial,
      predictedError: trial.id === 3 ? NaN : trial.id / 10,
    }));
    expect(idsOf(rankTrials(trials, "predicted"))).toEqual([0, 1, 2, 3]);
    expect(scoreTrials(trials, "predicted").map(({ score }) => score)).toEqual([0, 0.1, 0.2, Infinity]);
    const tuned = trials.map((trial): Trial => {
      const loss = { 0: 1.5, 2: 1.4 }[trial.id];
      if (loss === undefined) return trial;
      return { ...trial, fineTuned: { validationLoss: loss, validationError: 0.5 } };
    });
    expect(idsOf(rankTrials(tuned, "predicted"))).toEqual([2, 0, 1, 3]);
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
