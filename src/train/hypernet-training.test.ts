import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { channelStatistics, generateSynthetic } from "../data/index.js";
import { SmashNetwork, type BatchNormMode } from "../network/index.js";
import { Random } from "../random.js";
import { defaultDevice, setThreads } from "../tensor/index.js";
import { loadBatches } from "./batch-tensors.js";
import { evaluateGenerated } from "./evaluate.js";
import { HyperNetTraining } from "./hypernet-training.js";

beforeAll(() => setThreads(1));
afterEach(() => vi.restoreAllMocks());

const dataset = generateSynthetic({ trainCount: 100, testCount: 50 });
const steps = 8;
const baseRate = 0.01;
/** Larger than anyone would choose: with the paper's 1e-4 it would drown in rounding. */
const weightDecay = 0.2;

const { channels, size, classes, train } = dataset;
const statistics = channelStatistics(train, channels);
const source = { set: train, size, statistics, device: defaultDevice() } as const;

function startTraining(): HyperNetTraining {
  const network = new SmashNetwork({
    space: {
      ...{ baseChannels: 4, maxUnits: 8, depthCompression: 2, depth: 1, width: 1, bottleneck: 2 },
      ...{ kernel: 3, maxDilation: 2, stemKernel: 3, input: { channels, size }, classes: classes.length },
    },
    hypernet: { denseBlocks: [2, 2], growth: 4, weightNorm: "he" },
    seed: 1,
  });
  const batches = loadBatches(source, 50, { count: 50 });
  return new HyperNetTraining(network, {
    settings: {
      ...{ steps, batchSize: 10, rate: baseRate, warmup: 0, weightDecay, labelSmoothing: 0 },
      ...{ augment: { pad: 2, flip: false }, validateEvery: 100, validationArchitectures: 2 },
    },
    train: source,
    scoring: { calibration: batches, validation: batches },
    seed: 1,
  });
}

describe("a step of HyperNet training", () => {
  it("is Adam with the author's numbers on a cosine, and the HyperNet's own weights do not decay", () => {
    const training = startTraining();
    const { network } = training;
    const architecture = network.space.sample(Random.stream(2));
    const moments = new Map<string, { mean: number; square: number }[]>();
    for (let step = 0; step < 3; step++) {
      const before = new Map([...network.parameters()].map(([name, tensor]) => [name, tensor.toNumbers()]));
      const { rate } = training.runStep(architecture);
      expect(rate).toBeCloseTo((baseRate * (1 + Math.cos((Math.PI * step) / steps))) / 2, 12);
      for (const [name, tensor] of network.parameters()) {
        if (!tensor.grad) continue;
        const old = before.get(name)!;
        const own = moments.get(name) ?? old.map(() => ({ mean: 0, square: 0 }));
        moments.set(name, own);
        const decay = name.startsWith("free.") ? weightDecay : 0;
        const [gradient, values] = [tensor.grad.toNumbers(), tensor.toNumbers()];
        for (const [index, moment] of own.entries()) {
          const slope = gradient[index] + decay * old[index];
          moment.mean += (1 - 0.5) * (slope - moment.mean);
          moment.square += (1 - 0.999) * (slope ** 2 - moment.square);
          const mean = moment.mean / (1 - 0.5 ** (step + 1));
          const root = Math.sqrt(moment.square / (1 - 0.999 ** (step + 1)));
          const expected = old[index] - (rate * mean) / (root + 1e-4);
          expect(Math.abs(values[index] - expected), `${name}, step ${step}`).toBeLessThan(1e-3 * baseRate);
        }
      }
    }
    expect([...moments.keys()].some((name) => name.startsWith("hypernet."))).toBe(true);
  });

  it("draws an architecture and a noise z of its own; what is measured has z = 0", () => {
    const training = startTraining();
    const { space } = training.network;
    const forward = vi.spyOn(training.network, "forward");
    training.runStep();
    training.runStep();
    const [first, second] = forward.mock.calls;
    for (const [step, [architecture, { noiseSeed }]] of [first, second].entries()) {
      expect(architecture).toEqual(space.sampleForStep({ seed: 1, step, steps }));
      expect(noiseSeed).toBeTypeOf("number");
    }
    expect(first[1].noiseSeed).not.toBe(second[1].noiseSeed);
    forward.mockClear();
    training.validate();
    expect(forward.mock.calls.map(([, { noiseSeed }]) => noiseSeed)).toEqual([undefined, undefined]);
  });
});

describe("a score", () => {
  it("has BatchNorm statistics of its own architecture, unless others are asked for", () => {
    const training = startTraining();
    for (let step = 0; step < 3; step++) training.runStep();
    const { network } = training;
    const set = loadBatches(source, 10, { count: 50 });
    const scoring = { calibration: set.slice(0, 1), validation: set.slice(1) };
    const [architecture, other] = [3, 4].map((seed) => network.space.sample(Random.stream(seed)));
    const score = (options?: { readonly batchNorm: BatchNormMode }) =>
      evaluateGenerated(network, architecture, scoring, options).loss;
    const plain = score();
    expect(score({ batchNorm: "recalibrated" })).toBe(plain);
    const [ofBatch, running] = [score({ batchNorm: "batch" }), score({ batchNorm: "running" })];
    expect(new Set([plain, ofBatch, running]).size).toBe(3);
    // Those of training move with every step; nothing that is scored moves any.
    evaluateGenerated(network, other, scoring);
    expect(score()).toBe(plain);
    expect(score({ batchNorm: "running" })).toBe(running);
    // They are gathered from the calibration images alone.
    const recalibrated = { ...scoring, calibration: set.slice(2, 3) };
    expect(evaluateGenerated(network, architecture, recalibrated).loss).not.toBe(plain);
  });
});
