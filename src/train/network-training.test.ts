import { beforeAll, describe, expect, it, vi } from "vitest";
import { createSpace, type Architecture } from "../arch/index.js";
import { batchIndices, channelStatistics, generateSynthetic } from "../data/index.js";
import { createNetwork, runningStatistics, trainingStatistics } from "../network/index.js";
import { cosineRate, disposeAll, joinNamed, Sgd, type NamedTensors } from "../nn/index.js";
import { Random } from "../random.js";
import {
  crossEntropy,
  defaultDevice,
  memoryStats,
  native,
  scope,
  setThreads,
  Tensor,
} from "../tensor/index.js";
import { loadBatch, loadBatches, type BatchTensors } from "./batch-tensors.js";
import { NetworkTraining, type NetworkTrainingSettings } from "./network-training.js";

beforeAll(() => setThreads(1));

const dataset = generateSynthetic({ trainCount: 120, testCount: 40 });
const shape = { input: { channels: 3, size: dataset.size }, classes: dataset.classes.length };
const statistics = channelStatistics(dataset.train, dataset.channels);
const source = { set: dataset.train, size: dataset.size, statistics, device: defaultDevice() } as const;
const validation = () => loadBatches({ ...source, set: dataset.test }, 40);

const banks = createSpace({
  ...{ baseChannels: 4, maxUnits: 8, depthCompression: 2, depth: 1, width: 1, bottleneck: 2 },
  ...{ kernel: 3, maxDilation: 2, stemKernel: 3, ...shape },
}).sample(Random.stream(1));
const cells = createSpace({ name: "nas-bench-201", channels: 4, cells: 1, sampling: "uniform", ...shape });
const architectures: readonly (readonly [string, Architecture])[] = [
  ["memory banks", banks],
  ["cells", cells.sample(Random.stream(5))],
];

const plain: NetworkTrainingSettings = {
  ...{
    epochs: 2,
    batchSize: 25,
    rate: 0.05,
    warmup: 0.5,
    momentum: 0.9,
    weightDecay: 1e-4,
    labelSmoothing: 0,
  },
  augment: { pad: 2, flip: true },
};
const everything: NetworkTrainingSettings = {
  ...plain,
  ...{ epochs: 3, labelSmoothing: 0.1, cutout: 5, mixup: 0.4, stochasticDepth: 0.4, average: { decay: 0.8 } },
  randAugment: { operations: 2, magnitude: 9 },
  earlyStopping: { patience: 2 },
};
const off: NetworkTrainingSettings = {
  ...plain,
  ...{ cutout: 0, mixup: 0, stochasticDepth: 0, average: { decay: 0 }, earlyStopping: { patience: 0 } },
  randAugment: { operations: 0, magnitude: 9 },
};

function startTraining(
  settings: NetworkTrainingSettings,
  {
    architecture = banks,
    batches = validation(),
  }: { architecture?: Architecture; batches?: BatchTensors[] } = {},
): NetworkTraining {
  const network = createNetwork(architecture, { seed: 1 });
  return new NetworkTraining(network, { settings, train: source, validation: batches, seed: 1 });
}

const values = (tensors: NamedTensors) =>
  Object.fromEntries([...tensors].map(([name, tensor]) => [name, tensor.toArray()]));

describe.each(architectures)("the paper's recipe on %s", (_, architecture) => {
  /** The recipe written out with nothing of this folder but its batches. */
  function trainByHand(): unknown {
    const network = createNetwork(architecture, { seed: 1 });
    const { momentum, weightDecay, batchSize, augment } = plain;
    const optimizer = new Sgd(network.parameters(), { momentum, weightDecay, nesterov: true });
    for (let step = 0; step < 10; step++) {
      const indices = batchIndices({ count: dataset.train.count, batchSize, seed: 1, step });
      const random = Random.stream(1, "augment", step);
      optimizer.zeroGrad();
      scope(() => {
        const { images, labels } = loadBatch(source, indices, { augment, random });
        crossEntropy(network.forward(images, { statistics: trainingStatistics }), labels).backward();
      });
      optimizer.step(cosineRate({ base: plain.rate, step, steps: 10, warmup: 3 }));
    }
    return values(
      joinNamed({
        parameters: network.parameters(),
        buffers: network.buffers(),
        optimizer: optimizer.state(),
      }),
    );
  }

  it.each([
    ["without the options", plain],
    ["with every option off", off],
  ])("%s is bit for bit the plain loop", (_, settings) => {
    const training = startTraining(settings, { architecture });
    for (const event of training.run())
      if (event.type === "network-epoch") expect(event.epoch).toBeLessThan(3);
    expect(training.step).toBe(10);
    expect(values(training.state())).toEqual(trainByHand());
  });
});

describe.each(architectures)("every option at once on %s", (_, architecture) => {
  it("is freed as a whole on request, with what its steps have left", () => {
    const batches = validation();
    const before = memoryStats().liveTensors;
    const training = startTraining(everything, { architecture, batches });
    for (let step = 0; step < 4; step++) training.runStep();
    training.dispose();
    expect(memoryStats().liveTensors).toBe(before);
  });

  it("trains: losses and gradients are finite, every weight is reached, the loss falls", () => {
    const training = startTraining({ ...everything, epochs: 12 }, { architecture });
    const reached = new Set<string>();
    const losses: number[] = [];
    while (training.step < training.steps) {
      losses.push(training.runStep().loss);
      for (const [name, { grad }] of training.network.parameters()) {
        expect(grad?.isFinite ?? true).toBe(true);
        if (grad && grad.abs().sum().item() > 0) reached.add(name);
      }
    }
    expect([...training.network.parameters().keys()].filter((name) => !reached.has(name))).toEqual([]);
    const mean = (part: number[]) => part.reduce((sum, loss) => sum + loss, 0) / part.length;
    expect(mean(losses.slice(-15))).toBeLessThan(mean(losses.slice(0, 15)));
  });
});

it("an epoch tells the means over its own steps, and the validation images' score after them", () => {
  const training = startTraining({ ...everything, epochs: 2 });
  let steps: { readonly loss: number; readonly error: number }[] = [];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  for (const event of training.run()) {
    if (event.type === "network-step") {
      steps.push(event);
      continue;
    }
    expect(steps).toHaveLength(training.stepsPerEpoch);
    expect(event.trainLoss).toBeCloseTo(mean(steps.map(({ loss }) => loss)), 12);
    expect(event.trainError).toBeCloseTo(mean(steps.map(({ error }) => error)), 12);
    const { loss, error } = training.evaluate(validation());
    expect([event.validationLoss, event.validationError]).toEqual([loss, error]);
    steps = [];
  }
});

it.each<[string, Partial<NetworkTrainingSettings>]>([
  ["labelSmoothing", { labelSmoothing: 0.1 }],
  ["cutout", { cutout: 5 }],
  ["mixup", { mixup: 0.4 }],
  ["randAugment", { randAugment: { operations: 2, magnitude: 9 } }],
  ["stochasticDepth", { stochasticDepth: 0.9 }],
])("%s reaches the first step already", (_, option) => {
  const [without, other] = [startTraining(plain), startTraining({ ...plain, ...option })];
  expect(other.runStep().loss).not.toBe(without.runStep().loss);
});

/** Without options a GPU replays steps, with all of them it does not. */
const recipes = [
  ["every option", everything],
  ["no option", { ...plain, epochs: 3 }],
] as const;
const combinations = architectures.flatMap(([space, architecture]) =>
  recipes.map(([recipe, settings]) => ({ space, recipe, architecture, settings })),
);

describe.each(combinations)("$recipe on $space", ({ architecture, settings }) => {
  it("stopped after any step and restored elsewhere, ends bit-identical", () => {
    const whole = startTraining(settings, { architecture });
    const told = [...whole.run()];
    for (const stop of [1, 4, 5, 7, 10]) {
      const before = startTraining(settings, { architecture });
      const events = [];
      for (const event of before.run()) {
        events.push(event);
        const isWhole = event.type === "network-epoch" || before.step % before.stepsPerEpoch !== 0;
        if (before.step === stop && isWhole) break;
      }
      const after = startTraining(settings, { architecture });
      after.restore(before.state(), before.progress);
      expect([...events, ...after.run()]).toEqual(told);
      expect(values(after.state())).toEqual(values(whole.state()));
      expect(after.progress).toEqual(whole.progress);
    }
  });

  it("keeps no tensor from step to step", () => {
    const training = startTraining({ ...settings, epochs: 30 }, { architecture });
    for (let step = 0; step < 10; step++) training.runStep();
    const before = memoryStats().liveTensors;
    for (let step = 0; step < 60; step++) training.runStep();
    expect(memoryStats().liveTensors).toBe(before);
  });

  it("keeps no tensor of a step that fails", () => {
    const training = startTraining({ ...settings, epochs: 30 }, { architecture });
    // The next step's batch is as large as the last one's: it would be replayed.
    for (let step = 0; step < 11; step++) training.runStep();
    const before = memoryStats().liveTensors;
    vi.spyOn(Tensor.prototype, "backward").mockImplementation(() => {
      throw new Error("no memory");
    });
    vi.spyOn(native(), "replay").mockImplementation(() => {
      throw new Error("no memory");
    });
    expect(() => training.runStep()).toThrow("no memory");
    vi.restoreAllMocks();
    expect(memoryStats().liveTensors).toBe(before);
    training.runStep();
  });
});

describe("the average", () => {
  const average = { decay: 0.9 };

  it("is what is evaluated and saved as the weights; the trained weights are saved beside it", () => {
    const [training, without] = [startTraining({ ...plain, average }), startTraining(plain)];
    const batches = validation();
    for (let step = 0; step < 8; step++) {
      // Averaging changes nothing of the training itself.
      expect(training.runStep()).toEqual(without.runStep());
    }
    const saved = training.state();
    const name = "parameters.head.weight";
    const averaged = training.evaluated.parameters().get("head.weight")!.toArray();
    expect(saved.get(name)!.toArray()).toEqual(averaged);
    expect(saved.get(`trained.${name}`)!.toArray()).toEqual(without.state().get(name)!.toArray());
    expect(averaged).not.toEqual(without.state().get(name)!.toArray());
    const logits = scope(() => training.forward(batches[0].images).toArray());
    const byHand = scope(() =>
      training.evaluated.forward(batches[0].images, { statistics: runningStatistics }).toArray(),
    );
    expect(logits).toEqual(byHand);
    expect(training.evaluate(batches)).not.toEqual(without.evaluate(batches));
    disposeAll(saved);
  });
});

it("the first step moves the average by nine tenths: its decay begins at a tenth", () => {
  const training = startTraining({ ...plain, average: { decay: 0.9 } });
  const weight = (network: typeof training.network) => network.parameters().get("head.weight")!.toNumbers();
  const before = weight(training.network);
  training.runStep();
  const trained = weight(training.network);
  for (const [index, averaged] of weight(training.evaluated).entries())
    expect(averaged).toBeCloseTo(before[index] + 0.9 * (trained[index] - before[index]), 6);
});

describe("early stopping", () => {
  it("ends after as many epochs without a better one as it has patience", () => {
    // A rate of nothing: no epoch is better than the first.
    const settings = { ...plain, epochs: 9, rate: 1e-30, earlyStopping: { patience: 3 } };
    const training = startTraining(settings);
    const epochs = [...training.run()].filter((event) => event.type === "network-epoch");
    expect(epochs.map(({ isBest }) => isBest)).toEqual([true, false, false, false]);
    expect(training.isOver).toBe(true);
    expect(training.progress.best).toEqual({ epoch: 1, validationError: epochs[0].validationError });
    expect([...training.run()]).toEqual([]);
  });

  it("never ends a training that gets better, and the best epoch is the lowest so far", () => {
    const training = startTraining({ ...plain, epochs: 8, earlyStopping: { patience: 8 } });
    const epochs = [...training.run()].filter((event) => event.type === "network-epoch");
    expect(epochs).toHaveLength(8);
    const lowest = Math.min(...epochs.map(({ validationError }) => validationError));
    expect(training.progress.best?.validationError).toBe(lowest);
    const first = epochs.find(({ validationError }) => validationError === lowest)!;
    expect(training.progress.best?.epoch).toBe(first.epoch);
    let soFar = Infinity;
    for (const { validationError, isBest } of epochs) {
      expect(isBest).toBe(validationError < soFar);
      soFar = Math.min(soFar, validationError);
    }
  });
});
