import { expect, it } from "vitest";
import type { StudyResult } from "../study/index.js";
import { compare } from "../study/document.js";
import { describeStudy } from "./describe-study.js";

const result: StudyResult = {
  ...compare({
    study: "correlation",
    names: ["a", "b", "c"],
    truths: [0.1, 0.2, 0.9],
    predictors: [{ name: "loss", values: [1, 2, 3] }],
    baselines: [],
    parameters: [3, 2, 1],
    seed: 0,
    resamples: 5,
  }),
  ...{ architecturesPerMinute: 60, truthsBySeed: null, seedCeiling: null, attainable: null, diverged: 0 },
  ...{
    rightIsBetter: null,
    corruption: null,
    hypernets: [],
    betweenHyperNets: null,
    moves: null,
    figures: [],
  },
};

it("a study says how many trainings diverged, where any did", () => {
  expect(describeStudy(result)).not.toContain("diverged");
  expect(describeStudy({ ...result, diverged: 2 })).toMatch(/diverged trainings +2, counted as chance level/);
});

it("what rounds to nothing has no sign", () => {
  const text = describeStudy({ ...result, seedCeiling: -0.001, betweenHyperNets: -0.006 });
  expect(text).toMatch(/between training seeds +0\.00\n/);
  expect(text).toMatch(/between HyperNets +-0\.01/);
});

it("a correlation that is not defined, where all trainings end alike, is a dash and no NaN", () => {
  const text = describeStudy({ ...result, seedCeiling: NaN, attainable: NaN, betweenHyperNets: NaN });
  expect(text).toMatch(/between training seeds +–\nperfect predictor +–\nbetween HyperNets +–/);
  expect(text).not.toContain("NaN");
});
