/** From a configuration and a data set to what training and ranking take. */

import type { RunConfig } from "../config/index.js";
import { channelStatistics, splitTrain, type Dataset, type ImageSet } from "../data/index.js";
import { createSearchNetwork as create, type SearchNetwork } from "../network/index.js";
import { naswotImages } from "../rank/index.js";
import { takesNaswot } from "../search/index.js";
import type { DType } from "../tensor/index.js";
import { loadBatches, type BatchTensors, type ImageSource, type ScoringData } from "../train/index.js";

/** The parts of a data set as a run divides them. */
export interface RunData {
  readonly train: ImageSource;
  readonly validation: ImageSource;
  readonly test: ImageSource;
}

/** Images a batch when nothing is trained. */
export const evaluationBatch = 100;

/** A network that scores architectures, and the images for it. */
export interface ScoringSetup {
  readonly network: SearchNetwork;
  readonly data: RunData;
  readonly scoring: ScoringData;
}

export function prepareData(config: RunConfig, dataset: Dataset): RunData {
  const { train, validation } = splitTrain(dataset, {
    validationCount: config.validationImages,
    seed: config.seed,
  });
  const statistics = channelStatistics(train, dataset.channels);
  const source = (set: ImageSet) => ({ set, size: dataset.size, statistics, device: config.device });
  return { train: source(train), validation: source(validation), test: source(dataset.test) };
}

/** The images every candidate is scored on, on the device. */
export function prepareScoring(config: RunConfig, data: RunData): ScoringData {
  const { images, calibrationImages, rankedBy, fineTuning } = config.ranking;
  const { networkTraining, seed } = config;
  return {
    calibration: loadBatches(data.train, evaluationBatch, { count: calibrationImages }),
    validation: loadBatches(data.validation, evaluationBatch, { count: images }),
    ...(takesNaswot(rankedBy) && { untrained: prepareProxyBatch(data) }),
    fineTuning: {
      steps: fineTuning.steps,
      settings: { ...networkTraining, rate: fineTuning.rate },
      train: data.train,
      seed,
    },
  };
}

/** The training images that zero-cost proxies look at. */
export function prepareProxyBatch({ train }: RunData): BatchTensors {
  return loadBatches(train, naswotImages, { count: naswotImages })[0];
}

export function prepareEvaluation(source: ImageSource) {
  return loadBatches(source, evaluationBatch);
}

export function createSearchNetwork(config: RunConfig): SearchNetwork {
  const { seed, device } = config;
  return create(config, { seed, device });
}

/** The type activations are computed in; undefined is the weights' own, float32. */
export function computeType({ precision }: Pick<RunConfig, "precision">): DType | undefined {
  return precision === "bf16" ? "bfloat16" : undefined;
}
