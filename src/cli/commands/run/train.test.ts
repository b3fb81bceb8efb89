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

test("a recipe comes before a --config file, and --epochs after it", () => {
  const changes = { networkTraining: { epochs: 9, mixup: 1 } };
  const { networkTraining } = trainingConfig(base, { data: "mnist", recipe: "strong", changes, epochs: 3 });
  expect(networkTraining).toMatchObject({ epochs: 3, mixup: 1, cutout: 16, rate: base.networkTraining.rate });
});

test("a misspelt option is refused with the right one", () => {
  const changes = { networkTraining: { cutuot: 8 } };
  expect(() => trainingConfig(base, { data: "mnist", changes })).toThrow('did you mean "cutout"');
});
