import fc from "fast-check";
import { expect, test } from "vitest";
import type { MemoryBankArchitecture } from "./architecture.js";
import { countMemoryBankCost } from "./cost.js";
import { blockChannels, nonEmptyBanks } from "./memory-banks.js";
import { listSites } from "./sites.js";
import { sampled } from "./space.fixture.js";

/** Two blocks: one layer with a whole 2x2 array, and one with a single convolution. */
const architecture: MemoryBankArchitecture = {
  space: "memory-banks",
  version: 1,
  input: { channels: 3, size: 8 },
  classes: 5,
  stem: { kernel: 3 },
  activationOrder: "pre",
  batchNorm: "transitions",
  blocks: [
    {
      bankChannels: 4,
      inputChannels: 8,
      layers: [
        {
          reads: [0, 1],
          writes: [1, 2],
          units: 8,
          bottleneck: 4,
          convolutions: ([0, 1, 2, 3] as const).map((position) => ({
            position,
            kernel: [3, 5],
            dilation: [2, 1],
            groups: 2,
            activation: "relu",
          })),
          gates: [],
        },
      ],
    },
    {
      bankChannels: 6,
      inputChannels: 6,
      layers: [
        {
          reads: [0],
          writes: [0],
          units: 6,
          bottleneck: 6,
          convolutions: [{ position: 0, kernel: [3, 3], dilation: [1, 1], groups: 1, activation: "relu" }],
          gates: [],
        },
      ],
    },
  ],
};

test("every weight of a small network has the shape, sizes and BatchNorm worked out by hand", () => {
  const plain = { groups: 1, dilation: [1, 1], bias: false };
  const full = { ...plain, inputSize: 8, outputSize: 8 };
  const half = { ...plain, inputSize: 4, outputSize: 4 };
  const array = { ...full, kind: "convolution", block: 0, layer: 0, groups: 2, dilation: [2, 1] };
  expect(listSites(architecture)).toEqual([
    { ...full, kind: "stem", shape: [8, 3, 3, 3], normalizedChannels: undefined },
    { ...full, kind: "pointwise", block: 0, layer: 0, shape: [4, 8, 1, 1], normalizedChannels: 8 },
    { ...array, position: 0, shape: [8, 2, 3, 5], normalizedChannels: 4 },
    { ...array, position: 1, shape: [8, 4, 3, 5], normalizedChannels: 8 },
    { ...array, position: 2, shape: [8, 2, 3, 5], normalizedChannels: 4 },
    { ...array, position: 3, shape: [8, 4, 3, 5], normalizedChannels: 8 },
    // 3 non-empty banks of 4 channels; pooled after the convolution
    { ...full, kind: "transition", block: 0, shape: [6, 12, 1, 1], normalizedChannels: 12 },
    { ...half, kind: "pointwise", block: 1, layer: 0, shape: [6, 6, 1, 1], normalizedChannels: 6 },
    {
      ...half,
      kind: "convolution",
      block: 1,
      layer: 0,
      position: 0,
      shape: [6, 6, 3, 3],
      normalizedChannels: 6,
    },
    { kind: "head", shape: [5, 6], inputSize: 4, outputSize: 1, bias: true, normalizedChannels: 6 },
  ]);
});

test("parameters and multiply-adds are those worked out by hand", () => {
  const weights = [216, 32, 240, 480, 240, 480, 72, 36, 324, 30];
  const batchNorms = 2 * (8 + 4 + 8 + 4 + 8 + 12 + 6 + 6 + 6);
  const parameters = weights.reduce((sum, count) => sum + count) + 5 + batchNorms;
  const flops = (216 + 32 + 240 + 480 + 240 + 480 + 72) * 64 + (36 + 324) * 16 + 30;
  expect(countMemoryBankCost(architecture)).toEqual({ parameters, flops });
});

test("a post-activation network normalises what its convolutions give", () => {
  const sites = listSites({ ...architecture, activationOrder: "post" });
  expect(sites.map((site) => site.normalizedChannels)).toEqual([undefined, 4, 8, 8, 8, 8, 12, 6, 6, 6]);
});

test("banks are filled by the input and then by the layers", () => {
  const [block] = architecture.blocks;
  expect(nonEmptyBanks(block, 0)).toBe(2);
  expect(nonEmptyBanks(block, 1)).toBe(3);
  expect(nonEmptyBanks(block)).toBe(3);
  expect(blockChannels(block)).toBe(12);
});

test("every layer has its sites, and channels fit from one site to the next", () => {
  fc.assert(
    fc.property(sampled, ({ settings, architecture }) => {
      const sites = listSites(architecture);
      const layers = architecture.blocks.flatMap((block) => block.layers);
      const convolutions = layers.flatMap((layer) => layer.convolutions);
      expect(sites).toHaveLength(1 + layers.length + convolutions.length + 3);
      expect(sites.map((site) => site.kind).filter((kind) => kind === "transition")).toHaveLength(2);
      expect(sites.at(-1)).toMatchObject({ kind: "head", inputSize: settings.input.size / 4 });
      for (const [index, site] of sites.entries()) {
        expect(site.shape.every((size) => Number.isInteger(size) && size >= 1)).toBe(true);
        if (site.kind !== "convolution") continue;
        // Both paths begin with what the 1x1 gives; a second convolution takes what the first one gave.
        const before = sites.slice(0, index).findLast(({ kind }) => kind === "pointwise")!;
        const inputs = site.position % 2 === 0 ? before.shape[0] : site.shape[0];
        expect(site.shape[1] * site.groups).toBe(inputs);
      }
      const { parameters, flops } = countMemoryBankCost(architecture);
      expect(Number.isSafeInteger(parameters) && Number.isSafeInteger(flops)).toBe(true);
    }),
    { numRuns: 250 },
  );
});
