/** Spaces and architectures for the tests of this folder. */

import fc from "fast-check";
import { Random } from "../random.js";
import type { MemoryBankArchitecture } from "./architecture.js";
import { checkSpaceSettings } from "./check-space.js";
import { sampleArchitecture } from "./sample.js";
import type { CellSettings } from "./nas-bench-201/cell-settings.js";
import type { MemoryBankSettings } from "./space.js";

/** SMASHv1 on CIFAR-10 at a width that keeps the tests fast. */
export const v1: MemoryBankSettings = {
  baseChannels: 6,
  maxUnits: 42,
  depthCompression: 3,
  depth: 6,
  width: 4,
  bottleneck: 4,
  kernel: 3,
  maxDilation: 3,
  stemKernel: 7,
  input: { channels: 3, size: 32 },
  classes: 10,
};

/** SMASHv2 with every option on, at a width that keeps the tests fast. */
export const v2: MemoryBankSettings = {
  ...v1,
  baseChannels: 8,
  maxUnits: 64,
  depthCompression: 2,
  depth: 4,
  bottleneck: 2,
  bankSizes: "varied",
  unitSampling: "near-reads",
  convolutions: "array",
  maxKernel: 7,
  axes: "separate",
  maxGroups: 8,
  gates: true,
  activations: ["relu", "tanh", "sigmoid"],
};

/** NAS-Bench-201, as published. */
export const cells: CellSettings = {
  name: "nas-bench-201",
  channels: 16,
  cells: 5,
  sampling: "uniform",
  input: { channels: 3, size: 32 },
  classes: 10,
};

/** The smallest space: every layer has 2 units, one dilation, and the first one reads everything. */
export const smallest: MemoryBankSettings = {
  ...v1,
  baseChannels: 2,
  maxUnits: 2,
  depthCompression: 2,
  depth: 1,
  width: 1,
  maxDilation: 1,
};

type Drawn = MemoryBankSettings & {
  /** Whether settings are made to fit together. */
  readonly isMultiple: boolean;
};

/** Mostly a positive integer up to `max`, sometimes what a user might get wrong. */
function setting(max: number): fc.Arbitrary<number> {
  return fc.oneof(
    { weight: 60, arbitrary: fc.integer({ min: 1, max }) },
    { weight: 1, arbitrary: fc.constantFrom(0, -1, 0.5, 1e9, NaN, Infinity) },
  );
}

const required = {
  baseChannels: setting(9),
  maxUnits: setting(12),
  isMultiple: fc.boolean(),
  depthCompression: setting(9),
  depth: setting(6),
  width: setting(6),
  bottleneck: setting(4),
  kernel: setting(9),
  maxDilation: setting(4),
  stemKernel: setting(7),
  input: fc.record({ channels: setting(4), size: setting(12) }),
  classes: setting(12),
};

/** What version 2 adds; any of it may be left out. */
const optional = {
  bankSizes: fc.constantFrom("base", "varied"),
  unitSampling: fc.constantFrom("uniform", "near-reads"),
  convolutions: fc.constantFrom("single", "array"),
  maxKernel: setting(9),
  axes: fc.constantFrom("square", "separate"),
  maxGroups: setting(9),
  maxBottleneck: setting(4),
  gates: fc.boolean(),
  activations: fc.subarray(["relu", "tanh", "sigmoid"] as const),
  batchNorm: fc.constantFrom("transitions", "ops"),
  activationOrder: fc.constantFrom("pre", "post"),
  stemWidth: setting(8),
} as const;

/** Settings good and bad: narrow, wide, odd, incompatible; version 1 and 2 and anything between. */
export const anySettings: fc.Arbitrary<MemoryBankSettings> = fc
  .oneof(
    fc.record(required),
    fc.record(
      { ...required, ...optional },
      { requiredKeys: Object.keys(required) as (keyof typeof required)[] },
    ),
  )
  .map(({ isMultiple, ...settings }: Drawn) => {
    if (!isMultiple) return settings;
    // Independent draws would almost always break one rule or another; these keep the rules that are cheap to keep.
    const { baseChannels, maxUnits, kernel, maxDilation, stemKernel, input, ...rest } = settings;
    const { maxKernel, activations, stemWidth } = rest;
    return {
      ...settings,
      ...(maxKernel !== undefined && { maxKernel: Math.max(maxKernel, kernel) | 1 }),
      ...(activations?.length === 0 && { activations: ["relu"] as const }),
      ...(settings.gates && { convolutions: "array" as const }),
      ...(stemWidth !== undefined && { stemWidth: Math.min(stemWidth, 5 * settings.width) }),
      maxUnits: maxUnits * baseChannels,
      kernel: kernel | 1,
      maxDilation: kernel > 5 ? 1 : maxDilation,
      stemKernel: stemKernel | 1,
      input: { ...input, size: input.size * 4 },
    };
  });

/** Settings that can be sampled. */
export const goodSettings: fc.Arbitrary<MemoryBankSettings> = anySettings.filter((settings) => {
  try {
    checkSpaceSettings(settings);
    return true;
  } catch {
    return false;
  }
});

export interface Sampled {
  readonly settings: MemoryBankSettings;
  readonly architecture: MemoryBankArchitecture;
  readonly seed: number;
}

/** An architecture with its space, and a seed for what the test does next. */
export const sampled: fc.Arbitrary<Sampled> = fc
  .record({
    settings: goodSettings,
    seed: fc.nat(),
    budgetFraction: fc.double({ min: 0.3, max: 1, noNaN: true }),
  })
  .map(({ settings, seed, budgetFraction }) => {
    const architecture = sampleArchitecture(settings, Random.stream(seed), { budgetFraction });
    return { settings, architecture, seed };
  });
