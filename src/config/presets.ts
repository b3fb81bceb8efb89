/** Presets: everything a run needs but the data set. */

import { unknownName } from "../nearest.js";
import { paperPresets } from "./paper-presets.js";
import { authorsAdam, cifarInput, type Preset } from "./preset.js";

const augment = { pad: 4, flip: true } as const;

/** Of the presets for tests, on the synthetic data set: seconds. What ranks is each preset's own. */
const briefTraining = {
  validationImages: 200,
  hypernetTraining: {
    steps: 60,
    batchSize: 25,
    rate: 2e-3,
    warmup: 5,
    ...authorsAdam,
    weightDecay: 1e-4,
    labelSmoothing: 0,
    augment: { pad: 2, flip: false },
    validateEvery: 20,
    validationArchitectures: 4,
    checkpointEvery: 10,
  },
  ranking: {
    counts: { random: 6, perturb: 3, chain: 3 },
    images: 100,
    calibrationImages: 50,
    batchNorm: "recalibrated",
  },
  networkTraining: {
    epochs: 2,
    batchSize: 50,
    rate: 0.05,
    warmup: 0.2,
    momentum: 0.9,
    weightDecay: 1e-4,
    labelSmoothing: 0,
    augment: { pad: 2, flip: false },
    checkpointEvery: 20,
  },
} as const;

const presets: readonly Preset[] = [
  {
    name: "tiny",
    summary: "seconds; for tests, with the synthetic data set",
    space: {
      name: "memory-banks",
      baseChannels: 4,
      maxUnits: 8,
      depthCompression: 2,
      depth: 1,
      width: 1,
      bottleneck: 2,
      kernel: 3,
      maxDilation: 2,
      stemKernel: 3,
      ...cifarInput,
    },
    hypernet: { denseBlocks: [2, 2], growth: 4, weightNorm: "he" },
    ...briefTraining,
    ranking: { ...briefTraining.ranking, rankedBy: "loss" },
  },
  {
    name: "demo",
    summary: "a few minutes on two cores",
    space: {
      name: "memory-banks",
      baseChannels: 8,
      maxUnits: 32,
      depthCompression: 2,
      depth: 2,
      width: 1,
      bottleneck: 2,
      kernel: 3,
      maxDilation: 3,
      stemKernel: 3,
      ...cifarInput,
    },
    hypernet: { denseBlocks: [4, 5, 2], growth: 10, weightNorm: "he" },
    validationImages: 5000,
    hypernetTraining: {
      steps: 2500,
      batchSize: 50,
      rate: 2e-3,
      warmup: 50,
      ...authorsAdam,
      weightDecay: 1e-4,
      labelSmoothing: 0,
      augment,
      validateEvery: 250,
      validationArchitectures: 6,
      checkpointEvery: 250,
    },
    ranking: {
      counts: { random: 60, perturb: 20, chain: 10 },
      images: 1000,
      calibrationImages: 200,
      rankedBy: "loss+naswot",
      batchNorm: "recalibrated",
    },
    networkTraining: {
      epochs: 5,
      batchSize: 100,
      rate: 0.1,
      warmup: 0.3,
      momentum: 0.9,
      weightDecay: 5e-4,
      labelSmoothing: 0,
      augment,
      checkpointEvery: 200,
    },
  },
  {
    name: "small",
    summary:
      "an hour and a half of search on two cores, and four of training; networks of about 60k to 240k parameters",
    space: {
      name: "memory-banks",
      baseChannels: 8,
      maxUnits: 48,
      depthCompression: 2,
      depth: 3,
      width: 2,
      bottleneck: 2,
      kernel: 3,
      maxDilation: 3,
      stemKernel: 3,
      ...cifarInput,
    },
    hypernet: { denseBlocks: [8, 10, 4], growth: 10, weightNorm: "he" },
    validationImages: 5000,
    hypernetTraining: {
      // Three times as many generate better weights, and order networks no better.
      steps: 12_000,
      batchSize: 50,
      rate: 2e-3,
      warmup: 500,
      ...authorsAdam,
      weightDecay: 1e-4,
      labelSmoothing: 0,
      augment,
      validateEvery: 1000,
      validationArchitectures: 8,
      checkpointEvery: 500,
    },
    ranking: {
      counts: { random: 500, perturb: 100, chain: 100 },
      images: 1000,
      calibrationImages: 200,
      finalists: { count: 8 },
      rankedBy: "predicted",
      batchNorm: "recalibrated",
    },
    networkTraining: {
      epochs: 60,
      batchSize: 50,
      rate: 0.1,
      warmup: 1,
      momentum: 0.9,
      weightDecay: 1e-4,
      labelSmoothing: 0,
      augment,
      checkpointEvery: 500,
    },
  },
  ...paperPresets,
  {
    name: "nas-bench-201-tiny",
    summary: "seconds; for tests of the NAS-Bench-201 space, with the synthetic data set",
    space: { name: "nas-bench-201", channels: 4, cells: 2, sampling: "uniform", ...cifarInput },
    hypernet: {
      width: 16,
      layers: 1,
      brick: 4,
      cells: 1,
      reductions: "residual",
      noise: true,
      generated: "all",
    },
    ...briefTraining,
    ranking: { ...briefTraining.ranking, rankedBy: "loss+naswot" },
  },
  {
    name: "nas-bench-201",
    summary: "the cells of NAS-Bench-201; an hour or more on two cores",
    space: { name: "nas-bench-201", channels: 16, cells: 5, sampling: "uniform", ...cifarInput },
    hypernet: {
      width: 128,
      layers: 2,
      brick: 16,
      cells: 2,
      reductions: "shortcut",
      noise: false,
      generated: "all",
    },
    validationImages: 5000,
    hypernetTraining: {
      steps: 30_000,
      batchSize: 32,
      rate: 1e-3,
      warmup: 200,
      beta1: 0.9,
      epsilon: 1e-8,
      weightDecay: 1e-4,
      labelSmoothing: 0,
      augment,
      validateEvery: 1000,
      validationArchitectures: 8,
      checkpointEvery: 250,
    },
    ranking: {
      counts: { random: 200, perturb: 50, chain: 50 },
      images: 1000,
      calibrationImages: 500,
      rankedBy: "loss+naswot",
      batchNorm: "recalibrated",
    },
    networkTraining: {
      epochs: 12,
      batchSize: 128,
      rate: 0.1,
      warmup: 0.3,
      momentum: 0.9,
      weightDecay: 5e-4,
      labelSmoothing: 0,
      augment,
      checkpointEvery: 200,
    },
  },
];

/** The names that `findPreset` knows. */
export const presetNames: readonly string[] = presets.map(({ name }) => name);

/** The preset of this name. Throws `SmashError("usage")` with the nearest name for an unknown one. */
export function findPreset(name: string): Preset {
  const preset = presets.find((candidate) => candidate.name === name);
  if (preset) return preset;
  throw unknownName("The preset", name, presetNames);
}
