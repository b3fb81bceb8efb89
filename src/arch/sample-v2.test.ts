import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { Random } from "../random.js";
import { annealedOptions } from "./anneal.js";
import type { Layer } from "./architecture.js";
import { positionSets } from "./convolution-choices.js";
import { drawUnits, drawWriteCount } from "./layer-choices.js";
import { MemoryBankSpace } from "./memory-bank-space.js";
import { perturbArchitecture } from "./perturb.js";
import { sampleArchitecture } from "./sample.js";
import { smallest, v1, v2 } from "./space.fixture.js";
import { blockLimits, completeSettings } from "./space.js";
import { validateArchitecture } from "./validate.js";

/** JSON with keys in alphabetical order. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonical(inner)]));
}

// Version 1 was recorded before there was a version 2: a saved run goes on with the architectures it would have drawn.
test.each([
  ["the paper's space", v1, "2e420fe16d2961f4"],
  ["the smallest space", smallest, "8f8926a84f466080"],
  [
    "a wide space",
    { ...v1, baseChannels: 8, maxUnits: 64, depthCompression: 2, kernel: 5, maxDilation: 1, width: 3 },
    "cafc2f03eb2a1d32",
  ],
  ["version 2", v2, "11b0d7f69ce5a352"],
  [
    "version 2 with units at random",
    { ...v2, unitSampling: "uniform", axes: "square" } as const,
    "de4df7b8e7d6e55f",
  ],
])("a space draws and perturbs what it always did: %s", (_, settings, expected) => {
  const hash = createHash("sha256");
  for (let seed = 0; seed < 20; seed++) {
    const random = Random.stream(seed, "golden");
    const sampled = sampleArchitecture(settings, random, seed % 2 === 1 ? { budgetFraction: 0.6 } : {});
    const perturbed = perturbArchitecture(sampled, settings, random);
    const again = perturbArchitecture(perturbed, settings, random, { probability: 0.5 });
    const one = perturbArchitecture(perturbed, settings, random, { probability: 1e-9 });
    hash.update(JSON.stringify(canonical([sampled, perturbed, again, one])));
  }
  expect(hash.digest("hex").slice(0, 16)).toBe(expected);
});

/** Layers of many architectures of the space with every option. */
function drawLayers(count: number): readonly Layer[] {
  const random = Random.stream(1, "version 2");
  return Array.from({ length: count }, () => sampleArchitecture(v2, random)).flatMap(({ blocks }) =>
    blocks.flatMap((block) => block.layers),
  );
}

const layers = drawLayers(150);
const convolutions = layers.flatMap((layer) => layer.convolutions);
const seen = (values: readonly unknown[]) => new Set(values.map((value) => JSON.stringify(value)));

test("every choice of a version 2 space is drawn sooner or later", () => {
  // Of 3 x 3 kernels and the dilations that fit on each axis: 3 of a kernel of 3, 2 of 5, 1 of 7.
  expect(seen(convolutions.map(({ kernel }) => kernel)).size).toBe(9);
  expect(seen(convolutions.map(({ kernel, dilation }) => [kernel, dilation])).size).toBe(36);
  expect(seen(convolutions.map(({ groups }) => groups))).toEqual(new Set(["1", "2", "4", "8"]));
  expect(seen(convolutions.map(({ activation }) => activation)).size).toBe(3);
  expect(seen(layers.map((layer) => layer.units)).size).toBe(8);
  // None, either junction or both with a second convolution on the first path; otherwise none or the end.
  expect(seen(layers.map((layer) => [layer.convolutions.length > 2, layer.gates])).size).toBe(6);
  const sizes = Array.from({ length: 150 }, (_, seed) =>
    sampleArchitecture(v2, Random.stream(seed)).blocks.map((block) => block.bankChannels),
  );
  // Blocks begin with 64, 96 and 112 channels.
  const [first, second, third] = [0, 1, 2].map(
    (block) => new Set(sizes.map((bankChannels) => bankChannels[block])),
  );
  expect([first, second, third]).toEqual([
    new Set([8, 16, 32, 64]),
    new Set([8, 16, 24, 32, 48]),
    new Set([8, 16, 56]),
  ]);
});

test("sets of convolutions are as likely as in the author's code", () => {
  for (const { positions, probability } of positionSets) {
    const count = layers.filter(
      (layer) => layer.convolutions.map(({ position }) => position).join() === positions.join(),
    ).length;
    expect(Math.abs(count / layers.length - probability)).toBeLessThan(0.03);
  }
});

test.each([
  // Read channels in steps of N = 8: a whole number of them, and between two.
  [32, 4],
  [12, 1.5],
])("units are drawn by the author's weights: %i channels read", (inputs, steps) => {
  const options = [8, 16, 24, 32, 40, 48, 56, 64];
  const weights = options.map((_, index) => 1 / (0.01 + 10 * Math.abs(index + 1 - steps)));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const random = Random.stream(2);
  const draws = 20_000;
  const counts = new Map(options.map((units) => [units, 0]));
  for (let draw = 0; draw < draws; draw++) {
    const units = drawUnits(completeSettings(v2), random, { options, inputs });
    counts.set(units, counts.get(units)! + 1);
  }
  for (const [index, units] of options.entries()) {
    const expected = weights[index] / total;
    // Four standard deviations.
    const tolerance = 4 * Math.sqrt((expected * (1 - expected)) / draws);
    expect(Math.abs(counts.get(units)! / draws - expected), `${units} units`).toBeLessThan(tolerance);
  }
});

test("a kernel of one pixel has no dilation, beside larger ones that have", () => {
  const settings = { ...v1, kernel: 1, maxKernel: 3 };
  const random = Random.stream(4);
  const drawn = Array.from({ length: 10 }, () => {
    const architecture = sampleArchitecture(settings, random);
    return [architecture, perturbArchitecture(architecture, settings, random, { probability: 0.5 })];
  }).flat();
  const pairs = drawn
    .flatMap(({ blocks }) => blocks.flatMap((block) => block.layers))
    .map(({ convolutions: [{ kernel, dilation }] }) => `${kernel[0]} ${dilation[0]}`);
  expect([...new Set(pairs)].sort()).toEqual(["1 1", "3 1", "3 2", "3 3"]);
});

test("however many banks must be written, few more are", () => {
  // exp(-1000) is 0 in a double.
  const random = Random.stream(5);
  const drawn = Array.from({ length: 300 }, () =>
    drawWriteCount(random, { nonEmpty: 3000, outputBanks: 1000 }),
  );
  // The chance of one of 300 above this is below 1 in 1000.
  expect(Math.max(...drawn)).toBeLessThan(1015);
  const least = drawn.filter((count) => count === 1000).length / drawn.length;
  expect(Math.abs(least - (1 - 1 / Math.E))).toBeLessThan(0.12);
});

test("a sampled layer of version 2 has units near what it reads", () => {
  const random = Random.stream(2);
  const settings = { ...v2, bankSizes: "base" } as const;
  const drawn = Array.from({ length: 20 }, () => sampleArchitecture(settings, random)).flatMap(({ blocks }) =>
    blocks.flatMap((block) => block.layers.filter(({ reads }) => 8 * reads.length <= settings.maxUnits)),
  );
  const near = drawn.filter(({ reads, units }) => units === 8 * reads.length);
  expect(near.length / drawn.length).toBeGreaterThan(0.98);
});

test("the largest kernel and budget grow over the first half of training", () => {
  const kernels = [0, 0.1, 0.25, 0.4, 0.5, 1].map((progress) => annealedOptions(v2, progress).maxKernel);
  expect(kernels).toEqual([3, 3, 5, 5, 7, 7]);
  expect(annealedOptions(v2, 0.25).budgetFraction).toBe(0.75);
  expect(annealedOptions(v1, 0)).toEqual({ budgetFraction: 0.5, maxKernel: 3 });
  for (const progress of [0, 0.25, 0.5]) {
    const options = annealedOptions(v2, progress);
    const random = Random.stream(3);
    const sizes = Array.from({ length: 20 }, () => {
      const architecture = sampleArchitecture(v2, random, options);
      validateArchitecture(architecture, v2);
      return architecture.blocks.flatMap((block) =>
        block.layers.flatMap((layer) => layer.convolutions.flatMap(({ kernel }) => kernel)),
      );
    }).flat();
    expect(Math.max(...sizes)).toBe(options.maxKernel);
  }
});

test("the first steps of training draw small architectures, those of the second half any", () => {
  const space = new MemoryBankSpace(v2);
  const sizes = (step: number) =>
    Array.from({ length: 30 }, (_, seed) => space.sampleForStep({ seed, step, steps: 1000 })).map(
      ({ blocks }) => ({
        kernel: Math.max(
          ...blocks.flatMap(({ layers }) =>
            layers.flatMap((layer) => layer.convolutions.flatMap(({ kernel }) => kernel)),
          ),
        ),
        share: Math.max(
          ...blockLimits(v2).map(({ channelBudget }, index) => {
            const { layers, bankChannels } = blocks[index];
            return (layers.flatMap(({ reads }) => reads).length * bankChannels) / channelBudget;
          }),
        ),
      }),
    );
  for (const { kernel, share } of sizes(0)) {
    expect(kernel).toBe(3);
    expect(share).toBeLessThanOrEqual(0.5);
  }
  const late = sizes(500);
  expect(Math.max(...late.map(({ kernel }) => kernel))).toBe(7);
  expect(Math.max(...late.map(({ share }) => share))).toBeGreaterThan(0.9);
});

test("every step of training draws an architecture of its own, the same again when it is resumed", () => {
  const space = new MemoryBankSpace(v1);
  const draw = (seed: number, step: number) => space.sampleForStep({ seed, step, steps: 1000 });
  expect(draw(1, 600)).toEqual(draw(1, 600));
  expect(draw(1, 600)).not.toEqual(draw(1, 601));
  expect(draw(1, 600)).not.toEqual(draw(2, 600));
});

test("a space perturbs its own architectures with the probability asked for", () => {
  const space = new MemoryBankSpace(v1);
  const architecture = space.sample(Random.stream(1));
  expect(space.perturb(architecture, Random.stream(2), { probability: 0 })).toEqual(architecture);
  expect(space.perturb(architecture, Random.stream(2))).not.toEqual(architecture);
});

test("a largest kernel that the space does not have is rejected", () => {
  for (const maxKernel of [1, 9, NaN]) {
    expect(() => sampleArchitecture(v2, Random.stream(1), { maxKernel })).toThrow(`maxKernel ${maxKernel}`);
  }
});

test("every element of a version 2 architecture can be perturbed", () => {
  const elements =
    "bankChannels reads writes units bottleneck gates positions kernel dilation groups activation".split(" ");
  const changed = new Set<string>();
  for (let seed = 0; seed < 300 && changed.size < elements.length; seed++) {
    const random = Random.stream(seed, "elements");
    const architecture = sampleArchitecture(v2, random);
    const perturbed = perturbArchitecture(architecture, v2, random, { probability: 1e-9 });
    validateArchitecture(perturbed, v2);
    for (const [index, block] of perturbed.blocks.entries()) {
      const before = architecture.blocks[index];
      if (block.bankChannels !== before.bankChannels) changed.add("bankChannels");
      if (block.bankChannels !== before.bankChannels) continue;
      for (const [position, layer] of block.layers.entries()) {
        const { convolutions: own, ...rest } = layer;
        const { convolutions: old, ...oldRest } = before.layers[position];
        for (const key of Object.keys(rest) as (keyof typeof rest)[]) {
          if (JSON.stringify(rest[key]) !== JSON.stringify(oldRest[key])) changed.add(key);
        }
        const [positions, oldPositions] = [own, old].map((list) =>
          list.map(({ position }) => position).join(),
        );
        if (positions !== oldPositions) changed.add("positions");
        else
          for (const [place, convolution] of own.entries()) {
            for (const key of Object.keys(convolution) as (keyof typeof convolution)[]) {
              if (JSON.stringify(convolution[key]) !== JSON.stringify(old[place][key])) changed.add(key);
            }
          }
      }
    }
  }
  expect([...changed].sort()).toEqual(elements.sort());
});
