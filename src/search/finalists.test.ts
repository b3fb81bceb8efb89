import fc from "fast-check";
import { expect, it } from "vitest";
import { chooseFinalists } from "./finalists.js";
import { fakeHistory, spaceOf } from "./history.fixture.js";
import { rankGenerated } from "./score.js";
import type { Trial } from "./trial.js";

const [template] = fakeHistory(spaceOf("tiny"), { seed: 0, count: 1 });

/** By their losses and their parents. */
const makeTrials = (values: readonly (readonly [loss: number, parent?: number])[]) =>
  values.map(([validationLoss, parent], id): Trial => ({
    ...template,
    ...{ id, validationLoss },
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

it("a family stays one where limits leave out what connects it", () => {
  const trials = makeTrials([[1.5], [1.4], [1.2, 0], [1.1, 2], [1.3, 0]]).map((trial) => ({
    ...trial,
    parameters: trial.id === 0 || trial.id === 2 ? 9 : 1,
  }));
  const choice = { count: 3, rankedBy: "loss", limits: { parameters: 5 } } as const;
  expect(chooseFinalists(trials, choice).map(({ id }) => id)).toEqual([3, 1, 4]);
});

it("without parents, finalists are the first of the ranking", () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 40 }), (seed, count) => {
      const history = fakeHistory(spaceOf("tiny"), { seed, count: 30 });
      const first = rankGenerated(history, "loss").slice(0, count);
      expect(chooseFinalists(history, { count, rankedBy: "loss" })).toEqual(first);
    }),
    { numRuns: 20 },
  );
});
