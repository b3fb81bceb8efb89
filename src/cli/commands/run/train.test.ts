import { expect, test } from "vitest";
import { resolveConfig } from "../../../config/index.js";
import { trainingConfig } from "./train.js";

const base = resolveConfig({
  preset: "tiny",
  dataset: { name: "mnist", channels: 1, size: 32, classes: 10 },
  seed: 0,
  device: "cpu",
  threads: 1,
  precision: "fp32",
});

test("a network of a run trains on the data set that is named, not on the run's", () => {
  expect(trainingConfig(base, { data: "fashion-mnist" })).toEqual({ ...base, dataset: "fashion-mnist" });
});

test("--epochs replaces the schedule's length and nothing else", () => {
  expect(trainingConfig(base, { data: "mnist", epochs: 7 })).toEqual({
    ...base,
    networkTraining: { ...base.networkTraining, epochs: 7 },
  });
});
