import { beforeAll, describe, expect, it, vi } from "vitest";
import { createSpace, type Architecture } from "../arch/index.js";
import { channelStatistics, generateSynthetic, selectImages } from "../data/index.js";
import {
  createNetwork,
  createSearchNetwork,
  type SearchNetwork,
  type SearchSettings,
} from "../network/index.js";
import { cosineRate } from "../nn/index.js";
import { Random } from "../random.js";
import { defaultDevice, scope, setThreads } from "../tensor/index.js";
import { loadBatches } from "./batch-tensors.js";
import { trainBriefly } from "./brief-training.js";
import { evaluateGenerated, type ScoringData } from "./evaluate.js";
import type { StepEvent } from "./events.js";
import { evaluateFineTuned } from "./fine-tuning.js";
import { NetworkTraining } from "./network-training.js";

beforeAll(() => setThreads(1));

const dataset = generateSynthetic({ trainCount: 800, testCount: 100 });
const shape = { input: { channels: 3, size: dataset.size }, classes: dataset.classes.length };
const statistics = channelStatistics(dataset.train, dataset.channels);
const train = { set: dataset.train, size: dataset.size, statistics, device: defaultDevice() } as const;

const spaces: readonly (readonly [string, SearchSettings])[] = [
  [
    "memory banks",
    {
      space: {
        ...{ baseChannels: 4, maxUnits: 8, depthCompression: 2, depth: 1, width: 1, bottleneck: 2 },
        ...{ kernel: 3, maxDilation: 2, stemKernel: 3, ...shape },
      },
      hypernet: { denseBlocks: [2, 2], growth: 4, weightNorm: "he" },
    },
  ],
  [
    "cells",
    {
      space: { name: "nas-bench-201", channels: 4, cells: 2, sampling: "uniform", ...shape },
      hypernet: { width: 16, layers: 1, brick: 4, cells: 1, reductions: "shortcut", noise: true },
    },
  ],
];

function scoringData({ rate, steps = 30 }: { rate: number; steps?: number }): ScoringData {
  const settings = {
    ...{ epochs: 9, batchSize: 20, rate, warmup: 2, momentum: 0.9, weightDecay: 0, labelSmoothing: 0 },
    augment: { pad: 2, flip: true },
  };
  return {
    calibration: loadBatches(train, 50, { count: 100 }),
    validation: loadBatches({ ...train, set: dataset.test }, 50),
    fineTuning: { steps, train, settings, seed: 3 },
  };
}

describe.each(spaces)("the score after fine-tuning, of %s", (_, settings) => {
  const opened = (): { network: SearchNetwork; architecture: Architecture } => {
    const network = createSearchNetwork(settings, { seed: 1 });
    return { network, architecture: network.space.sample(Random.stream(5)) };
  };
  const score = (data: ScoringData, evaluate = evaluateFineTuned) =>
    scope(() => {
      const { network, architecture } = opened();
      return evaluate(network, architecture, data);
    });

  it("is the same where normal training averages weights", () => {
    const data = scoringData({ rate: 0.05 });
    const { fineTuning } = data;
    const settings = { ...fineTuning!.settings, average: { decay: 0.9 } };
    expect(score({ ...data, fineTuning: { ...fineTuning!, settings } })).toEqual(score(data));
  });

  it("falls with fine-tuning, is the same twice, and more steps are not the same", () => {
    scope(() => {
      const data = scoringData({ rate: 0.02 });
      const tuned = score(data);
      expect(tuned.loss).toBeLessThan(score(data, evaluateGenerated).loss - 0.01);
      expect(score(data)).toEqual(tuned);
      expect(score(scoringData({ rate: 0.02, steps: 10 }))).not.toEqual(tuned);
    });
  });

  it("is not a number where the training diverges", () => {
    scope(() => {
      expect(score(scoringData({ rate: 1e30 }))).toEqual({ error: NaN, loss: NaN });
    });
  });

  it("leaves the HyperNet and the shared weights as they are", () => {
    scope(() => {
      const { network, architecture } = opened();
      const values = () =>
        [...network.parameters(), ...network.buffers()].map(([name, tensor]) => [name, tensor.toArray()]);
      const before = values();
      evaluateFineTuned(network, architecture, scoringData({ rate: 0.02 }));
      expect(values()).toEqual(before);
    });
  });
});

it("the score after fine-tuning is of the noise, the description and the type that are asked for", () => {
  scope(() => {
    const network = createSearchNetwork(spaces[1][1], { seed: 1 });
    const [architecture, describedAs] = [5, 6].map((seed) => network.space.sample(Random.stream(seed)));
    const data = scoringData({ rate: 0.02, steps: 2 });
    const asked = [{}, { noiseSeed: 1 }, { describedAs }, { computeType: "bfloat16" } as const];
    const losses = asked.map((options) => evaluateFineTuned(network, architecture, data, options).loss);
    expect(new Set(losses).size).toBe(4);
  });
});

describe("a brief training", () => {
  const { train, settings, seed } = scoringData({ rate: 0.02 }).fineTuning!;
  const { space } = spaces[0][1];
  const architecture = createSpace(space).sample(Random.stream(5));
  function trainOn(count: number, steps: number) {
    const set = selectImages(
      dataset.train,
      Array.from({ length: count }, (_, index) => index),
    );
    const runStep = vi.spyOn(NetworkTraining.prototype, "runStep");
    const network = createNetwork(architecture, { seed: 1 });
    trainBriefly(network, { steps, train: { ...train, set }, settings, seed });
    const told = runStep.mock.results.map(({ value }) => value as StepEvent);
    runStep.mockRestore();
    return told;
  }

  it("has a whole schedule of its own: a tenth of it warm-up, its end with the last step", () => {
    const rates = trainOn(800, 20).map(({ rate }) => rate);
    expect(rates).toEqual(
      rates.map((_, step) => cosineRate({ base: settings.rate, step, steps: 20, warmup: 2 })),
    );
    expect(rates).toHaveLength(20);
  });

  it("is on the first images, and ends where they do", () => {
    expect(trainOn(800, 3)).toEqual(trainOn(60, 3));
    expect(trainOn(50, 9)).toHaveLength(3);
  });
});
