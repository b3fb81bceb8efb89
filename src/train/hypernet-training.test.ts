import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { channelStatistics, generateSynthetic } from "../data/index.js";
import { SmashNetwork, type BatchNormMode } from "../network/index.js";
import { Random } from "../random.js";
import { defaultDevice, setThreads } from "../tensor/index.js";
import { loadBatches } from "./batch-tensors.js";
import { evaluateGenerated, type ScoringData } from "./evaluate.js";
import { HyperNetTraining, type HyperNetTrainingSettings } from "./hypernet-training.js";

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

function startTraining(changes: Partial<HyperNetTrainingSettings> = {}): HyperNetTraining {
  const network = new SmashNetwork({
    space: {
      ...{ baseChannels: 4, maxUnits: 8, depthCompression: 2, depth: 1, width: 1, bottleneck: 2 },
      ...{ kernel: 3, maxDilation: 2, stemKernel: 3, input: { channels, size }, classes: classes.length },
    },
    hypernet: { denseBlocks: [2, 2], growth: 4, weightNorm: "he" },
    seed: 1,
  });
  return new HyperNetTraining(network, {
    settings: {
      ...{ steps, batchSize: 10, rate: baseRate, warmup: 0, weightDecay, labelSmoothing: 0 },
      ...{ augment: { pad: 2, flip: false }, validateEvery: 100, validationArchitectures: 2 },
      ...changes,
    },
    computeType: "float32",
    train: source,
    scoring: scoring(),
    seed: 1,
  });
}

function scoring(): ScoringData {
  const batches = loadBatches(source, 50, { count: 50 });
  return { calibration: batches, validation: batches };
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

  it("draws an architecture and a noise z of its own; what is measured has z = 0, in the same type", () => {
    const training = startTraining();
    const { space } = training.network;
    const forward = vi.spyOn(training.network, "forward");
    training.runStep();
    training.runStep();
    const [first, second] = forward.mock.calls;
    for (const [step, [architecture, { noiseSeed, computeType }]] of [first, second].entries()) {
      expect(architecture).toEqual(space.sampleForStep({ seed: 1, step, steps }));
      expect(noiseSeed).toBe(Random.stream(1, "noise", step).seed());
      expect(computeType).toBe("float32");
    }
    forward.mockClear();
    training.validate();
    for (const [, { noiseSeed, computeType }] of forward.mock.calls)
      expect([noiseSeed, computeType]).toEqual([undefined, "float32"]);
  });
});

describe("a whole HyperNet training", () => {
  const values = (training: HyperNetTraining) =>
    Object.fromEntries(
      [...training.state(), ...training.network.buffers()].map(([name, tensor]) => [name, tensor.toArray()]),
    );
  const settings = { steps: 5, warmup: 3, validateEvery: 2 };

  it("warms up, and measures the same architectures every so many steps and at its end", () => {
    const training = startTraining(settings);
    const { space } = training.network;
    const forward = vi.spyOn(training.network, "forward");
    const events = [...training.run()];
    const rates = events.flatMap((event) => (event.type === "hypernet-step" ? [event.rate] : []));
    expect(rates).toHaveLength(5);
    for (const [at, share] of [1 / 3, 2 / 3, 1, 1, 1 / 2].entries())
      expect(rates[at]).toBeCloseTo(baseRate * share, 12);
    const measured = events.filter(({ type }) => type === "hypernet-validation");
    expect(measured.map(({ step }) => step)).toEqual([2, 4, 5]);
    const scored = forward.mock.calls.filter(([, { noiseSeed }]) => noiseSeed === undefined);
    const fixed = [0, 1].map((index) => space.sample(Random.stream(1, "hypernet-validation", index)));
    expect(scored.map(([architecture]) => architecture)).toEqual([fixed, fixed, fixed].flat());
    // Of both architectures: the mean.
    const scores = fixed.map((architecture) => evaluateGenerated(training.network, architecture, scoring()));
    const { loss, error } = measured[2];
    expect(loss).toBeCloseTo((scores[0].loss + scores[1].loss) / 2, 10);
    expect(error).toBeCloseTo((scores[0].error + scores[1].error) / 2, 10);
  });

  it("stopped and restored elsewhere, ends bit-identical", () => {
    const whole = startTraining(settings);
    const told = [...whole.run()];
    const before = startTraining(settings);
    for (let step = 0; step < 3; step++) before.runStep();
    const after = startTraining(settings);
    after.restore(before.step, before.state());
    // Steps 4 and 5, with a measurement behind each; those behind 1 … 3 are one.
    expect([...after.run()]).toEqual(told.slice(4));
    expect(values(after)).toEqual(values(whole));
  });

  it.each([
    ["beta1", { beta1: 0.9 }],
    ["epsilon", { epsilon: 1e-2 }],
    ["label smoothing", { labelSmoothing: 0.1 }],
  ] as const)("is another one with another %s", (_, changes) => {
    const [own, other] = [startTraining(), startTraining(changes)];
    for (const training of [own, other]) for (let step = 0; step < 2; step++) training.runStep();
    expect(values(other)).not.toEqual(values(own));
    expect(other.validate()).not.toEqual(own.validate());
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
