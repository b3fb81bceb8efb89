/** What the paper and its author's code say (SMASH sections 4 and 5, Table 1), against the presets that claim it. */

import { describe, expect, it } from "vitest";
import { blockLimits, requireMemoryBanks } from "../arch/index.js";
import { findPreset } from "./presets.js";

const spaceOf = (name: string) => requireMemoryBanks(findPreset(name).space, name);

describe.each(["paper-v1", "paper-v2"])("preset %s", (name) => {
  const { hypernet, hypernetTraining, ranking, networkTraining, validationImages } = findPreset(name);
  const stepsPerEpoch = (50_000 - 5000) / 50;

  it("trains the HyperNet as the paper does: 100 epochs of 45,000 images by Adam", () => {
    expect(hypernet).toMatchObject({ denseBlocks: [8, 10, 4], growth: 10, weightNorm: "unit" });
    expect(validationImages).toBe(5000);
    expect(hypernetTraining).toMatchObject({
      ...{ steps: 100 * stepsPerEpoch, batchSize: 50, rate: 1e-3, warmup: 0 },
      ...{ beta1: 0.5, epsilon: 1e-4, weightDecay: 1e-4, labelSmoothing: 0 },
      augment: { pad: 4, flip: true },
    });
  });

  it("searches 500 random architectures, 100 perturbations and a chain of 100", () => {
    expect(ranking.counts).toEqual({ random: 500, perturb: 100, chain: 100 });
  });

  it("trains what it finds for 300 epochs", () => {
    expect(networkTraining).toMatchObject({
      ...{ epochs: 300, rate: 0.1, warmup: 0, momentum: 0.9, weightDecay: 1e-4, labelSmoothing: 0 },
      augment: { pad: 4, flip: true },
    });
  });
});

describe("the space of preset paper-v1", () => {
  it("has the paper's sizes, and up to 240 banks a block", () => {
    const space = spaceOf("paper-v1");
    expect(space).toMatchObject({ baseChannels: 6, maxUnits: 42, depthCompression: 3, bottleneck: 4 });
    expect(Math.max(...blockLimits(space).map(({ maxBanks }) => maxBanks))).toBe(240);
  });

  it("has one 3x3 of dilation 1 to 3 a layer, and a 7x7 stem", () => {
    expect(spaceOf("paper-v1")).toMatchObject({ kernel: 3, maxDilation: 3, stemKernel: 7 });
    expect(spaceOf("paper-v1")).not.toHaveProperty("convolutions");
  });
});

it("the space of preset paper-v2 has the paper's sizes and every option that the paper draws", () => {
  expect(spaceOf("paper-v2")).toMatchObject({
    ...{ baseChannels: 8, maxUnits: 64, depthCompression: 2, bottleneck: 2, stemKernel: 7 },
    ...{ bankSizes: "varied", unitSampling: "near-reads", convolutions: "array", axes: "separate" },
    ...{ kernel: 3, maxKernel: 7, maxDilation: 3, maxGroups: 8 },
  });
});
