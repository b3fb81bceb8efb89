/**
 * The two spaces of the paper with its own training settings (SMASH section 4 and Table 1).
 *
 * The paper says N, Nmax, D, the bottlenecks, that version 1 has up to 240 banks a block and networks "rarely above" 5M
 * parameters, and that the networks it found have 4.6M and 16M. Width and depth follow from that: 240 banks are a width
 * of 30, and the depths are those at which the paper's network is larger than nine in ten random ones or more, as the
 * winner of a search is. docs/spaces.md has the distributions.
 */

import { authorsAdam, cifarInput, type Preset } from "./preset.js";

const augment = { pad: 4, flip: true } as const;
/** Of 45,000 training images in batches of 50. */
const stepsPerEpoch = 900;

const training = {
  hypernet: { denseBlocks: [8, 10, 4], growth: 10, weightNorm: "unit" },
  validationImages: 5000,
  hypernetTraining: {
    steps: 100 * stepsPerEpoch,
    batchSize: 50,
    rate: 1e-3,
    warmup: 0,
    ...authorsAdam,
    weightDecay: 1e-4,
    labelSmoothing: 0,
    augment,
    validateEvery: stepsPerEpoch,
    validationArchitectures: 8,
    checkpointEvery: stepsPerEpoch,
  },
  ranking: {
    counts: { random: 500, perturb: 100, chain: 100 },
    images: 5000,
    calibrationImages: 500,
    rankedBy: "loss",
    batchNorm: "recalibrated",
  },
  networkTraining: {
    epochs: 300,
    batchSize: 50,
    rate: 0.1,
    warmup: 0,
    momentum: 0.9,
    weightDecay: 1e-4,
    labelSmoothing: 0,
    augment,
    checkpointEvery: stepsPerEpoch,
  },
} as const;

export const paperPresets: readonly Preset[] = [
  {
    name: "paper-v1",
    summary: "the paper's SMASHv1: one 3x3 convolution a layer, banks of 6 channels; days on a GPU",
    paperParameters: 4.6e6,
    space: {
      baseChannels: 6,
      maxUnits: 42,
      depthCompression: 3,
      depth: 10,
      width: 30,
      bottleneck: 4,
      kernel: 3,
      maxDilation: 3,
      stemKernel: 7,
      ...cifarInput,
    },
    ...training,
  },
  {
    name: "paper-v2",
    summary: "the paper's SMASHv2: arrays of convolutions, banks of any size; days on a GPU",
    paperParameters: 16e6,
    space: {
      baseChannels: 8,
      maxUnits: 64,
      depthCompression: 2,
      depth: 20,
      width: 12,
      bottleneck: 2,
      kernel: 3,
      maxDilation: 3,
      stemKernel: 7,
      bankSizes: "varied",
      unitSampling: "near-reads",
      convolutions: "array",
      maxKernel: 7,
      axes: "separate",
      maxGroups: 8,
      ...cifarInput,
    },
    ...training,
  },
];
