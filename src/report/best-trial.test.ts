import { expect, test } from "vitest";
import type { Trial } from "../search/index.js";
import { fakeRun } from "./fake-run.fixture.js";
import { rankTrials } from "../search/index.js";
import { bestTrial } from "./best-trial.js";

const [sample] = fakeRun().trials;

function trial(id: number, validationLoss: number, validationError = 0.5): Trial {
  return { ...sample, id, validationLoss, validationError };
}

test("lower comes first, ties keep the order of scoring, scores that are not finite come last", () => {
  const trials = [trial(0, NaN), trial(1, 2), trial(2, 1), trial(3, Infinity), trial(4, 2)];
  expect(rankTrials(trials, "loss").map(({ id }) => id)).toEqual([2, 1, 4, 0, 3]);
});

test("loss and error can order differently", () => {
  const trials = [trial(0, 1, 0.6), trial(1, 2, 0.4)];
  expect(rankTrials(trials, "loss")[0].id).toBe(0);
  expect(rankTrials(trials, "error")[0].id).toBe(1);
});

test("the run's own choice wins over the leader of the table", () => {
  const trials = [trial(0, 1), trial(1, 2)];
  expect(bestTrial(fakeRun({ trials, best: trials[1] }))?.id).toBe(1);
  expect(bestTrial(fakeRun({ trials, best: undefined }))?.id).toBe(0);
  expect(bestTrial(fakeRun({ trials: [], best: undefined }))).toBeUndefined();
});
