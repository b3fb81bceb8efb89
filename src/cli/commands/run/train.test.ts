import { expect, test } from "vitest";
import { createSpace } from "../../../arch/index.js";
import { resolveConfig } from "../../../config/index.js";
import { Random } from "../../../random.js";
import { describeTrained, trainingConfig } from "./train.js";

const base = resolveConfig({
  preset: "tiny",
  dataset: { name: "mnist", channels: 1, size: 32, classes: 10 },
  seed: 0,
  device: "cpu",
  threads: 1,
  precision: "fp32",
});

const mnist = { name: "mnist", train: { count: 60_000 } };

test("a network of a run trains on the data set that is named, not on the run's", () => {
  expect(trainingConfig(base, { data: { ...mnist, name: "fashion-mnist" } })).toEqual({
    ...base,
    dataset: "fashion-mnist",
  });
});

test("another data set that is too small to spare the run's held-out images holds out a fifth of its own", () => {
  const { validationImages } = base;
  const held = (name: string, count: number) =>
    trainingConfig(base, { data: { name, train: { count } } }).validationImages;
  expect(held("stl10", 2 * validationImages)).toBe(validationImages);
  expect(held("stl10", 2 * validationImages - 1)).toBe(Math.floor((2 * validationImages - 1) / 5));
  // Of its own data set a run has decided.
  expect(held("mnist", 1)).toBe(validationImages);
});

test("--epochs replaces the schedule's length and nothing else", () => {
  expect(trainingConfig(base, { data: mnist, epochs: 7 })).toEqual({
    ...base,
    networkTraining: { ...base.networkTraining, epochs: 7 },
  });
});

test("a recipe comes before a --config file, and --epochs after it", () => {
  const changes = { networkTraining: { epochs: 9, mixup: 1 } };
  const { networkTraining } = trainingConfig(base, { data: mnist, recipe: "strong", changes, epochs: 3 });
  expect(networkTraining).toMatchObject({ epochs: 3, mixup: 1, cutout: 16, rate: base.networkTraining.rate });
});

test("a misspelt option is refused with the right one", () => {
  const changes = { networkTraining: { cutuot: 8 } };
  expect(() => trainingConfig(base, { data: mnist, changes })).toThrow('did you mean "cutout"');
});

test("top-5 is told where there are more than five classes", () => {
  const ofClasses = (classes: number) => {
    const architecture = createSpace({ ...base.space, classes }).sample(Random.stream(1));
    const errors = { validationError: 0.5, testError: 0.5, testTop5Error: 0.1 };
    const facts = { epochs: 1, parameters: 10, flops: 20, checkpoint: "network.safetensors" };
    return describeTrained({ architecture, ...errors, ...facts });
  };
  expect(ofClasses(6)).toContain("test error 50.00 % (top-5 10.00 %), validation");
  expect(ofClasses(5)).toContain("test error 50.00 %, validation");
});

test("one epoch is not told as several", () => {
  const architecture = createSpace(base.space).sample(Random.stream(1));
  const result = {
    architecture,
    ...{ parameters: 10, flops: 20, validationError: 0.5, testError: 0.5, testTop5Error: 0.1 },
    checkpoint: "network.safetensors",
  };
  expect(describeTrained({ ...result, epochs: 1 })).toContain("after 1 epoch;");
  expect(describeTrained({ ...result, epochs: 2 })).toContain("after 2 epochs;");
});
