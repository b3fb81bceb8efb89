import { expect, test } from "vitest";
import { createSpace } from "../arch/index.js";
import { findPreset, presetNames } from "./presets.js";
import { resolveConfig } from "./resolve-config.js";
import { parseRunConfig } from "./run-config.js";

const request = {
  preset: "tiny",
  dataset: { name: "synthetic", channels: 3, size: 16, classes: 10 },
  seed: 0,
  device: "cpu",
  threads: 2,
  precision: "fp32",
} as const;

const optional =
  "bankSizes unitSampling convolutions maxKernel axes maxGroups maxBottleneck gates activations batchNorm activationOrder stemWidth";

test("a configuration saved before there was a version 2 is the one that is resolved now", () => {
  const now = resolveConfig(request);
  const space = Object.fromEntries(
    Object.entries(now.space).filter(([name]) => !optional.split(" ").includes(name)),
  );
  expect(Object.keys(space)).toHaveLength(12);
  expect(parseRunConfig({ ...now, space })).toEqual(now);
});

test("what is left out is filled in, so that a saved configuration is whole", () => {
  const overrides = { space: { kernel: 5, maxDilation: 1, convolutions: "array" } };
  const { space } = resolveConfig({ ...request, overrides });
  expect(space).toMatchObject({ convolutions: "array", maxKernel: 5, bankSizes: "base", stemWidth: 1 });
});

test.each([
  [{ convolution: "array" }, 'did you mean "convolutions"?'],
  [{ convolutions: "arrays" }, "space.convolutions"],
  [{ activations: [] }, "space.activations"],
  [{ gates: true }, 'Set convolutions to "array"'],
])("a space with %j is refused: %s", (space, message) => {
  expect(() => resolveConfig({ ...request, overrides: { space } })).toThrow(message);
});

test("every preset's space can be sampled", () => {
  expect(presetNames).toContain("paper-v2");
  for (const name of presetNames) createSpace(findPreset(name).space);
});
