/**
 * The brief training that finalists get: from scratch, as the winner will be trained, but for few epochs. What it makes
 * of the held-out images orders them anew.
 */

import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { RunConfig } from "../config/index.js";
import { stepsPerEpoch } from "../data/index.js";
import { isSmashError } from "../errors.js";
import type { Trial } from "../search/index.js";
import type { NetworkTraining } from "../train/index.js";
import { bestEpochPath } from "./best-epoch.js";
import { KeptTraining, type TrainingImages, type TrainJob } from "./kept-training.js";
import { prepareEvaluation, type RunData } from "./prepare.js";
import type { SearchJob } from "./search-job.js";
import { interrupted } from "./stop.js";

/** Most of a brief training over which its rate rises: it must fall to 0 as well. */
const mostWarmup = 0.3;

interface FinalistContext {
  /** Told how many steps of this training are done. */
  readonly tell: (step: number) => void;
  readonly shouldStop: () => boolean;
}

/** The training of one finalist after another. */
export class FinalistTraining {
  /** Of each training. */
  readonly steps: number;
  readonly #job: SearchJob;
  readonly #config: RunConfig;
  readonly #images: TrainingImages;

  constructor(job: SearchJob, { train, validation }: RunData) {
    const { batchSize } = job.config.networkTraining;
    const perEpoch = stepsPerEpoch({ count: train.set.count, batchSize });
    this.#job = job;
    this.#config = briefly(job.config, perEpoch);
    this.#images = { train, validation: prepareEvaluation(validation) };
    this.steps = this.#config.networkTraining.epochs * perEpoch;
  }

  /**
   * The trial with the error and the loss that its network then has; NaN where the training diverged. One that is stopped
   * throws `SmashError("interrupted")` and goes on from its checkpoint, bit for bit, when it is asked for again.
   */
  async train(trial: Trial, context: FinalistContext): Promise<Trial> {
    const { folder, dataset } = this.#job;
    const { architecture, id } = trial;
    await mkdir(folder.finalistsPath, { recursive: true });
    const checkpoint = join(folder.finalistsPath, `${id}.safetensors`);
    const trained = await this.#run({ config: this.#config, dataset, architecture, checkpoint }, context);
    // Before anyone knows the result: after a kill in between, the same training gives the same.
    await removeFiles(checkpoint);
    return { ...trial, trained };
  }

  /** Removes what trainings that were stopped, and never asked for again, have left. */
  async clear(): Promise<void> {
    await rm(this.#job.folder.finalistsPath, { recursive: true, force: true });
  }

  async #run(job: TrainJob, { tell, shouldStop }: FinalistContext): Promise<NonNullable<Trial["trained"]>> {
    const kept = await this.#open(job);
    const { training } = kept;
    try {
      for await (const event of kept.run(shouldStop)) if (event.type === "network-step") tell(event.step);
      const { error: validationError, loss: validationLoss } = training.evaluate(this.#images.validation);
      return { epochs: epochsOf(training), validationError, validationLoss };
    } catch (error) {
      if (isSmashError(error, "diverged"))
        return { epochs: epochsOf(training), validationError: NaN, validationLoss: NaN };
      if (!isSmashError(error, "interrupted")) throw error;
      throw interrupted(`after step ${training.step} of ${training.steps} of a finalist's training`);
    } finally {
      training.dispose();
    }
  }

  /** A checkpoint that is damaged, or of a trial that had this number before, is worth a brief training at most. */
  async #open(job: TrainJob): Promise<KeptTraining> {
    try {
      return await KeptTraining.open(job, this.#images);
    } catch (error) {
      if (!isSmashError(error, "checkpoint")) throw error;
      await removeFiles(job.checkpoint);
      return KeptTraining.open(job, this.#images);
    }
  }
}

/** The run's configuration, with the length of a brief training. */
function briefly(config: RunConfig, stepsPerEpoch: number): RunConfig {
  const { networkTraining, ranking } = config;
  // One epoch of a small data set would tell networks apart by chance.
  const epochs = Math.min(Math.ceil(ranking.finalists.steps / stepsPerEpoch), networkTraining.epochs);
  const warmup = Math.min(networkTraining.warmup, mostWarmup * epochs);
  return { ...config, networkTraining: { ...networkTraining, epochs, warmup } };
}

/** Early stopping may end it before its schedule does. */
const epochsOf = ({ step, stepsPerEpoch }: NetworkTraining) => Math.ceil(step / stepsPerEpoch);

async function removeFiles(checkpoint: string): Promise<void> {
  for (const path of [checkpoint, bestEpochPath(checkpoint)]) await rm(path, { force: true });
}
