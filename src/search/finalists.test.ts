import fc from "fast-check";
import { expect, it } from "vitest";
import { chooseFinalists } from "./finalists.js";
import { anyHistory, fakeHistory, spaceOf } from "./history.fixture.js";
import { rankGenerated, rankingMeasures } from "./score.js";
import type { Trial } from "./trial.js";

const [template] = fakeHistory(spaceOf("tiny"), { seed: 0, count: 1 });

/** By their losses, their parents and their multiply-adds. */
const makeTrials = (
  values: readonly (readonly [loss: number, parent?: number | undefined, flops?: number])[],
) =>
  values.map(([validationLoss, parent, flops = 1], id): Trial => ({
    ...template,
    ...{ id, validationLoss, flops },
    ...(parent !== undefined && { parent }),
  }));
const finalistsOf = (trials: readonly Trial[], count: number) =>
  chooseFinalists(trials, { count, rankedBy: "loss" }).map(({ id }) => id);

it("finalists are the best of each family, and then the best of the others", () => {
  const trials = makeTrials([
    [1.5],
    [1.4],
    [1.6],
    [1.2, 1],
    [1.1, 3], // a grandchild of 1
    [1.3, 0],
    [1.0, 4],
  ]);
  expect(finalistsOf(trials, 3)).toEqual([6, 5, 2]);
  expect(finalistsOf(trials, 5)).toEqual([6, 5, 2, 4, 3]);
  expect(finalistsOf(trials, 0)).toEqual([]);
  expect(finalistsOf(trials, 99)).toHaveLength(7);
});

it("the largest stand in turn with those of the best scores, each once", () => {
  const trials = makeTrials([[1.1], [1.2], [1.3], [1.4, 0, 90], [1.5, undefined, 50], [1.6, undefined, 70]]);
  // 3 is the largest, but not the best of its family.
  expect(finalistsOf(trials, 5)).toEqual([0, 5, 1, 4, 2]);
  expect(finalistsOf(trials, 1)).toEqual([0]);
  // The first by its score is the largest.
  expect(finalistsOf(makeTrials([[1.1, undefined, 9], [1.2], [1.3, undefined, 8]]), 2)).toEqual([0, 1]);
});

it("a family stays one where limits leave out what connects it", () => {
  const trials = makeTrials([[1.5], [1.4], [1.2, 0], [1.1, 2], [1.3, 0]]).map((trial) => ({
    ...trial,
    parameters: trial.id === 0 || trial.id === 2 ? 9 : 1,
  }));
  const choice = { count: 3, rankedBy: "loss", limits: { parameters: 5 } } as const;
  expect(chooseFinalists(trials, choice).map(({ id }) => id)).toEqual([3, 1, 4]);
});

it("answers any history, with as many as there are, each once", () => {
  fc.assert(
    fc.property(
      anyHistory,
      fc.nat({ max: 40 }),
      fc.constantFrom(...rankingMeasures),
      (any, count, rankedBy) => {
        const { history } = any;
        const finalists = chooseFinalists(history, { count, rankedBy });
        expect(finalists).toHaveLength(Math.min(count, history.length));
        expect(new Set(finalists).size).toBe(finalists.length);
        if (count > 0) expect(finalists[0]).toBe(rankGenerated(history, rankedBy).at(0));
      },
    ),
  );
});
