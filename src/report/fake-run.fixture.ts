/** A made-up run for the tests of this folder: plausible curves and scores, the same for every call. Not exported. */

import { sampleArchitecture, type Architecture } from "../arch/index.js";
import { Random } from "../random.js";
import type { Trial, TrialOrigin } from "../search/index.js";
import type { EpochPoint, ReportData, StepPoint, TestDetails } from "./report-data.js";

const classes = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/** A finished run of 240 architectures; `changes` replace whole fields. */
export function fakeRun(changes: Partial<ReportData> = {}): ReportData {
  const random = Random.stream(7, "fake-run");
  const trials = fakeTrials(random.fork("trials"));
  const best = trials.reduce((one, other) => (other.validationLoss < one.validationLoss ? other : one));
  return {
    run: "runs/cifar10-small",
    preset: "small",
    dataset: {
      name: "cifar10",
      classes,
      trainImages: 45_000,
      validationImages: 5_000,
      scoringImages: 1_000,
      testImages: 10_000,
    },
    seed: 0,
    createdWith: {
      smash: "0.1.0",
      node: "20.20.2",
      libtorch: "2.9.0",
      threads: 2,
      device: "cpu",
      precision: "fp32",
    },
    config: { preset: "small", space: { baseChannels: 8, maxUnits: 64 }, ranking: { samples: 160 } },
    hypernet: {
      steps: 6_000,
      plannedSteps: 6_000,
      parameters: 562_144,
      freeParameters: 184_900,
      ...fakeHypernet(random.fork("hypernet")),
      seconds: 1_327,
    },
    space: "memory-banks",
    trials,
    rankedBy: "loss",
    batchNorm: "recalibrated",
    fineTuning: { steps: 100, rate: 0.01 },
    finalistSeconds: 0,
    isRanked: true,
    trained: {
      dataset: "cifar10",
      architecture: best.architecture,
      parameters: best.parameters,
      flops: best.flops,
      epochs: 40,
      validationError: 0.0712,
      testError: 0.0748,
      testTop5Error: 0.0021,
      checkpoint: "runs/cifar10-small/checkpoints/best.safetensors",
      curve: fakeTraining(random.fork("training")),
      seconds: 5_430,
    },
    test: fakeTest(random.fork("test")),
    status: "done",
    reproduce: ["npx smash search --data cifar10 --preset small --seed 0 --out runs/cifar10-small"],
    ...changes,
  };
}

/** A run in which nothing has been measured yet. */
export function emptyRun(): ReportData {
  return fakeRun({
    hypernet: {
      ...{ steps: 0, plannedSteps: 6_000, parameters: 562_144, freeParameters: 184_900, seconds: 0 },
      ...{ curve: [], validation: [] },
    },
    trials: [],
    isRanked: false,
    trained: undefined,
    test: undefined,
    status: "training-hypernet",
  });
}

/** A dozen trials of different architectures. */
export function distinctTrials(): readonly Trial[] {
  const random = Random.stream(8, "distinct");
  return fakeTrials(random)
    .slice(0, 12)
    .map((trial) => ({ ...trial, architecture: fakeArchitecture(random.fork(`architecture ${trial.id}`)) }));
}

function fakeHypernet(random: Random): { curve: StepPoint[]; validation: StepPoint[] } {
  const trend = (step: number) => 0.36 + 0.54 * Math.exp(-step / 1_600);
  const point = (step: number, noise: number): StepPoint => {
    const error = Math.min(0.96, trend(step) + noise);
    return { step, error, loss: 2.3 * error + 0.2 };
  };
  const steps = Array.from({ length: 6_000 }, (_, step) => step + 1);
  return {
    curve: steps.map((step) => point(step, random.uniform(-0.14, 0.14))),
    validation: steps
      .filter((step) => step % 500 === 0)
      .map((step) => point(step, 0.02 + random.uniform(-0.02, 0.02))),
  };
}

function fakeTrials(random: Random): Trial[] {
  const origins: TrialOrigin[] = [
    ...Array<TrialOrigin>(160).fill("random"),
    ...Array<TrialOrigin>(50).fill("perturb"),
    ...Array<TrialOrigin>(30).fill("chain"),
  ];
  const gain = { random: 0, perturb: 0.13, chain: 0.17, evolution: 0.15, nsga2: 0.1 };
  const architecture = fakeArchitecture(random.fork("architecture"));
  return origins.map((origin, id) => {
    const size = origin === "random" ? random.uniform() : random.uniform(0.55, 0.9);
    const noise = (random.uniform() + random.uniform() + random.uniform()) / 3 - 0.5;
    const validationError = 0.62 - 0.16 * size - gain[origin] + 0.3 * noise;
    return {
      id,
      architecture,
      origin,
      validationError,
      validationLoss: 2.4 * validationError + 0.28 + random.uniform(-0.04, 0.04),
      predictedError: 0.6 * validationError,
      naswot: -1200 * size - 300 * ((id * 0.618) % 1),
      parameters: Math.round(350_000 * 12 ** size),
      flops: Math.round(40_000_000 * 15 ** (size + random.uniform(-0.12, 0.12))),
    };
  });
}

/** A transparent picture of one pixel. */
const png =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==";

/** A test of a network for these classes, with 100 images each. */
export function fakeTest(random: Random, names: readonly string[] = classes): TestDetails {
  const confusion = names.map((_, truth) => {
    const row = names.map(() => 0);
    for (let image = 0; image < 100; image++) {
      row[random.uniform() < 0.8 ? truth : Math.floor(random.uniform(0, names.length))]++;
    }
    return row;
  });
  const mistakes = Array.from({ length: 24 }, (_, index) => ({
    index: 100 * index,
    truth: index % names.length,
    prediction: (index + 1) % names.length,
    probability: 0.99 - index / 100,
    truthProbability: 0.01,
    png,
  }));
  return {
    checkpoint: "runs/cifar10-small/checkpoints/best.safetensors",
    testError: 0.0748,
    dataset: "cifar10",
    classes: names,
    confusion,
    mistakes,
  };
}

function fakeTraining(random: Random): EpochPoint[] {
  return Array.from({ length: 40 }, (_, index) => {
    const left = 1 - (index + 1) / 40;
    const trainError = 0.004 + 0.5 * left ** 3 + 0.07 * left;
    const validationError = Math.max(0.0705, 0.07 + 0.42 * left ** 2.4 + left * random.uniform(-0.02, 0.05));
    return {
      epoch: index + 1,
      trainError,
      validationError,
      trainLoss: 2.6 * trainError,
      validationLoss: 3 * validationError,
    };
  });
}

function fakeArchitecture(random: Random): Architecture {
  return sampleArchitecture(
    {
      baseChannels: 8,
      maxUnits: 64,
      depthCompression: 2,
      depth: 1,
      width: 1,
      bottleneck: 2,
      kernel: 3,
      maxDilation: 3,
      stemKernel: 3,
      input: { channels: 3, size: 32 },
      classes: classes.length,
    },
    random,
  );
}
