/**
 * What keeps a step on its device, seen without one: the network is put on "cpu:0", the CPU under another name, and
 * whatever is made elsewhere, or read back, is noticed.
 */

import { afterEach, describe, expect, it, vi } from "vitest";
import { findPreset } from "../src/config/index.js";
import { channelStatistics, generateSynthetic } from "../src/data/index.js";
import { createNetwork, createSearchNetwork, type SearchSettings } from "../src/network/index.js";
import { Random } from "../src/random.js";
import { native, scope, setThreads, zeros } from "../src/tensor/index.js";
import {
  evaluateGenerated,
  HyperNetTraining,
  loadBatches,
  NetworkTraining,
  type NetworkTrainingSettings,
} from "../src/train/index.js";

setThreads(2);

const elsewhere = "cpu:0";
const engine = native() as unknown as Record<string, (...values: unknown[]) => unknown>;
/** Functions of the addon whose last argument says where the result is to be. */
const makers = native()
  .opSignatures()
  .filter((signature) => /device: string\): Handle;$/.test(signature))
  .map((signature) => signature.slice(0, signature.indexOf("(")));
/** Those that wait until a device has computed what they read. */
const readers = ["item", "readBytes", "allFinite"];

afterEach(() => vi.restoreAllMocks());

/** Where `run` makes tensors, and how often it reads one. Every tensor says that it is elsewhere. */
function watch(run: () => void): { readonly places: readonly unknown[]; readonly reads: number } {
  const places: unknown[] = [];
  let reads = 0;
  const spy = (name: string, before: (values: readonly unknown[]) => void) => {
    const original = engine[name];
    vi.spyOn(engine, name).mockImplementation((...values) => {
      before(values);
      return original(...values);
    });
  };
  for (const name of makers) spy(name, (values) => places.push(values.at(-1)));
  for (const name of readers) spy(name, () => reads++);
  vi.spyOn(engine, "device").mockReturnValue(elsewhere);
  run();
  vi.restoreAllMocks();
  return { places, reads };
}

const data = generateSynthetic({ trainCount: 60, testCount: 20 });
const shape = { input: { channels: data.channels, size: data.size }, classes: data.classes.length };
const source = {
  ...{ set: data.train, size: data.size, statistics: channelStatistics(data.train, data.channels) },
  device: elsewhere,
};
const batches = loadBatches(source, 10, { count: 20 });
const settings = {
  ...{ batchSize: 10, rate: 1e-3, warmup: 0, weightDecay: 1e-4, labelSmoothing: 0.1 },
  augment: { pad: 2, flip: true },
};

const array = { convolutions: "array", maxKernel: 5, maxGroups: 2, gates: true } as const;
const searches = [
  { name: "memory banks", preset: findPreset("tiny"), options: {} },
  { name: "arrays of convolutions", preset: findPreset("tiny"), options: array },
  { name: "BatchNorm inside ops", preset: findPreset("tiny"), options: { batchNorm: "ops" } },
  { name: "cells", preset: findPreset("nas-bench-201-tiny"), options: {} },
].map(({ name, preset, options }) => {
  const space = { ...preset.space, ...options, ...shape };
  return { name, plan: { space, hypernet: preset.hypernet } as SearchSettings };
});
const types = [
  { precision: "fp32", computeType: undefined },
  { precision: "bf16", computeType: "bfloat16" as const },
];
const cases = searches.flatMap((search) => types.map((type) => ({ ...search, ...type })));

describe("a watch over devices", () => {
  it("sees what is made on the CPU, and what is read", () => {
    const { places, reads } = watch(() => scope(() => zeros([1]).item()));
    expect(places).toEqual(["cpu"]);
    expect(reads).toBe(1);
  });
});

describe.each(cases)("$name, $precision", ({ plan, computeType }) => {
  const network = () => createSearchNetwork(plan, { seed: 1, device: elsewhere });

  it("trains a HyperNet on its device, and reads once a step", () => {
    const training = new HyperNetTraining(network(), {
      settings: { ...settings, steps: 10, validateEvery: 10, validationArchitectures: 1 },
      ...{ train: source, scoring: { calibration: [], validation: [] }, seed: 1, computeType },
    });
    for (let step = 0; step < 3; step++) {
      const { places, reads } = watch(() => training.runStep());
      expect(new Set(places)).toEqual(new Set([elsewhere]));
      expect(reads).toBe(1);
    }
  });

  it("scores an architecture on its device, and reads once", () => {
    const searched = network();
    const architecture = searched.space.sample(Random.stream(3));
    const { places, reads } = watch(() =>
      evaluateGenerated(
        searched,
        architecture,
        { calibration: batches, validation: batches },
        { computeType },
      ),
    );
    expect(new Set(places)).toEqual(new Set([elsewhere]));
    expect(reads).toBe(1);
  });

  it("trains a network on its device, and reads once a step", () => {
    const architecture = network().space.sample(Random.stream(3));
    const everything: NetworkTrainingSettings = {
      ...{ ...settings, epochs: 2, momentum: 0.9, mixup: 0.4, stochasticDepth: 0.4, cutout: 5 },
      average: { decay: 0.8 },
    };
    const training = new NetworkTraining(createNetwork(architecture, { seed: 1, device: elsewhere }), {
      ...{ settings: everything, train: source, validation: batches, seed: 1, computeType },
    });
    const { places, reads } = watch(() => training.runStep());
    expect(new Set(places)).toEqual(new Set([elsewhere]));
    expect(reads).toBe(1);
  });
});
