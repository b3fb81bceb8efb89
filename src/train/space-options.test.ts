import { beforeAll, describe, expect, it } from "vitest";
import type { MemoryBankSettings } from "../arch/index.js";
import { smallOptions } from "../arch/small-space.fixture.js";
import { channelStatistics, generateSynthetic } from "../data/index.js";
import { SmashNetwork } from "../network/index.js";
import { defaultDevice, setThreads } from "../tensor/index.js";
import { loadBatches } from "./batch-tensors.js";
import { HyperNetTraining } from "./hypernet-training.js";

beforeAll(() => setThreads(1));

const dataset = generateSynthetic({ trainCount: 200, testCount: 50 });
const { channels, size, classes } = dataset;
/** To images of the data set. */
const fit = (settings: MemoryBankSettings) => ({
  ...settings,
  input: { channels, size },
  classes: classes.length,
});

function startTraining(settings: MemoryBankSettings): HyperNetTraining {
  const network = new SmashNetwork({
    space: settings,
    hypernet: { denseBlocks: [2, 2], growth: 4, weightNorm: "he" },
    seed: 1,
  });
  const statistics = channelStatistics(dataset.train, dataset.channels);
  const source = { set: dataset.train, size: dataset.size, statistics, device: defaultDevice() } as const;
  const batches = loadBatches(source, 50, { count: 50 });
  return new HyperNetTraining(network, {
    settings: {
      steps: 12,
      batchSize: 10,
      rate: 1e-3,
      warmup: 0,
      weightDecay: 1e-4,
      labelSmoothing: 0,
      augment: { pad: 2, flip: false },
      validateEvery: 100,
      validationArchitectures: 1,
    },
    train: source,
    scoring: { calibration: batches, validation: batches },
    seed: 1,
  });
}

describe("every option of the space trains: losses are finite and gradients reach every weight", () => {
  it.each(smallOptions)("%s", (_, settings) => {
    const training = startTraining(fit(settings));
    const parameters = training.network.parameters();
    const reached = new Set<string>();
    for (let step = 0; step < 12; step++) {
      expect(Number.isFinite(training.runStep().loss)).toBe(true);
      for (const [name, parameter] of parameters) {
        const size = parameter.grad?.abs().sum().item() ?? 0;
        expect(Number.isFinite(size)).toBe(true);
        if (size > 0) reached.add(name);
      }
    }
    expect([...parameters.keys()].filter((name) => !reached.has(name))).toEqual([]);
    expect(Number.isFinite(training.validate().loss)).toBe(true);
  });
});
