/** The HyperNet training that benchmarks measure: the product's own, at two sizes, on images of noise. */

import {
  requireMemoryBanks,
  sampleArchitecture,
  type MemoryBankArchitecture,
  type MemoryBankSettings,
} from "../../../arch/index.js";
import { findPreset } from "../../../config/index.js";
import { channelStatistics, imagesInMemory } from "../../../data/index.js";
import { referenceHyperNet } from "../../../hypernet/index.js";
import { SmashNetwork } from "../../../network/index.js";
import { Random } from "../../../random.js";
import { computeType } from "../../../run/index.js";
import { resolveDevice, setThreads, type Device } from "../../../tensor/index.js";
import { HyperNetTraining, type ImageSource } from "../../../train/index.js";
import type { CommonOptions } from "../../common-options.js";

const shared = {
  baseChannels: 8,
  depthCompression: 2,
  bottleneck: 4,
  kernel: 3,
  maxDilation: 3,
  stemKernel: 7,
  input: { channels: 3, size: 32 },
  classes: 10,
} as const;

export const sizes = {
  reference: { ...shared, depth: 12, width: 4, maxUnits: 64 },
  narrow: { ...shared, depth: 6, width: 2, maxUnits: 32 },
} as const satisfies Readonly<Record<string, MemoryBankSettings>>;

/** And where a step of the paper's size takes less than many seconds. */
export const gpuSizes = {
  paper: requireMemoryBanks(findPreset("paper-v1").space, "This benchmark"),
  ...sizes,
} as const;

export const hypernet = { ...referenceHyperNet, weightNorm: "he" } as const;
export const batchSize = 50;
export const augment = { pad: 4, flip: true } as const;

export interface MeasuredTraining {
  readonly training: HyperNetTraining;
  readonly train: ImageSource;
  /** The architecture of a step, from 0: the same for everyone who measures with this seed. */
  readonly sample: (step: number) => MemoryBankArchitecture;
}

export type MeasuredOptions = Pick<CommonOptions, "threads" | "precision" | "seed" | "device">;

/** What the peer is told of them. */
export function describeOptionsToPeer({ threads, precision, device }: MeasuredOptions) {
  return { threads, precision, device: resolveDevice(device) };
}

export function createTraining(
  space: MemoryBankSettings,
  { threads, precision, seed, device: requested }: MeasuredOptions,
  { batch = batchSize, images = 1000 }: { readonly batch?: number; readonly images?: number } = {},
): MeasuredTraining {
  setThreads(threads);
  const device = resolveDevice(requested);
  const train = noiseImages(images, device);
  const training = new HyperNetTraining(new SmashNetwork({ space, hypernet, seed: 0, device }), {
    settings: {
      // More than anyone measures: the rate stays near its highest.
      steps: 1_000_000,
      batchSize: batch,
      rate: 1e-3,
      warmup: 0,
      weightDecay: 1e-4,
      labelSmoothing: 0,
      augment,
      validateEvery: 1_000_000,
      validationArchitectures: 0,
    },
    train,
    scoring: { calibration: [], validation: [] },
    seed,
    computeType: computeType({ precision }),
  });
  return {
    training,
    train,
    sample: (step) => sampleArchitecture(space, Random.stream(seed, "bench", step)),
  };
}

/** Uniform noise, the same every time; its batches go to `device`. */
export function noiseImages(count: number, device: Device): ImageSource {
  const { channels, size } = shared.input;
  const random = Random.stream(0, "bench-images");
  const images = new Uint8Array(count * channels * size * size).map(() => random.integer(0, 255));
  const labels = Uint16Array.from({ length: count }, (_, index) => index % shared.classes);
  const set = imagesInMemory(images, labels);
  return { set, size, statistics: channelStatistics(set, channels), device };
}
