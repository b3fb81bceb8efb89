import { expect, it } from "vitest";
import { resolveConfig } from "./index.js";

it.each([
  [50_000, 5_000],
  [10_000, 5_000],
  [9_999, 1_999],
  [3, 1],
])("of %i training images, the demo holds out %i", (count, expected) => {
  const { validationImages } = resolveConfig({
    preset: "demo",
    dataset: { name: "mine", channels: 3, size: 32, classes: 2, train: { count } },
    seed: 0,
    device: "cpu",
    threads: 1,
    precision: "fp32",
  });
  expect(validationImages).toBe(expected);
});
