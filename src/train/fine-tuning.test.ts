import { beforeAll, describe, expect, it } from "vitest";
import type { Architecture } from "../arch/index.js";
import { channelStatistics, generateSynthetic } from "../data/index.js";
import { createSearchNetwork, type SearchNetwork, type SearchSettings } from "../network/index.js";
import { Random } from "../random.js";
import { defaultDevice, scope, setThreads } from "../tensor/index.js";
import { loadBatches } from "./batch-tensors.js";
import { evaluateGenerated, type ScoringData } from "./evaluate.js";
import { evaluateFineTuned } from "./fine-tuning.js";

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
