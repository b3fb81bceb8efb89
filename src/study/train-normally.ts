/** A true error: one network trained normally with a short schedule, and tested. */

import type { Architecture } from "../arch/index.js";
import type { RunConfig } from "../config/index.js";
import { createNetwork } from "../network/index.js";
import { computeType, interrupted } from "../run/index.js";
import { scope } from "../tensor/index.js";
import {
  NetworkTraining,
  testNetwork,
  unlessDiverged,
  type BatchTensors,
  type ImageSource,
} from "../train/index.js";
import type { StudyContext } from "./events.js";

/** The images all networks of a study are trained and tested on. */
export interface TrainingData {
  /** What architectures are changed to fit, where they are trained on another data set than they were scored on. */
  readonly shape: Pick<Architecture, "input" | "classes">;
  readonly train: ImageSource;
  readonly test: readonly BatchTensors[];
}

export interface NormalTrainingOptions {
  readonly config: RunConfig;
  /** Of first weights and of the order of images. */
  readonly seed: number;
  readonly data: TrainingData;
  /** Told how much is done, 0 … 1. */
  readonly progress: (fraction: number) => void;
}

/** What normal training made of a network. */
export interface TrueError {
  /** On test images, a fraction; chance level where the training diverged, for such a network is worth no more. */
  readonly error: number;
  readonly hasDiverged: boolean;
}

/** Throws `SmashError("interrupted")` on request; this network then starts anew. */
export function trainNormally(
  architecture: Architecture,
  { config, seed, data, progress }: NormalTrainingOptions,
  { shouldStop }: StudyContext,
): TrueError {
  const train = () => {
    const network = createNetwork({ ...architecture, ...data.shape }, { seed, device: config.device });
    const training = new NetworkTraining(network, {
      settings: config.networkTraining,
      train: data.train,
      validation: [],
      seed,
      computeType: computeType(config),
    });
    while (training.step < training.steps) {
      if (shouldStop()) throw interrupted("in the training of a network", { startsAgain: true });
      training.runStep();
      progress(training.step / training.steps);
    }
    const { error } = testNetwork(training.evaluated, data.test, computeType(config));
    return { error, hasDiverged: false };
  };
  return scope(() => unlessDiverged(train, { error: 1 - 1 / data.shape.classes, hasDiverged: true }));
}
