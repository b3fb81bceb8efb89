/**
 * Networks that are trained from scratch, as the winner will be, but for few epochs, one after another: to order them by
 * what that makes of held-out images, or to learn from them. Only their results are kept.
 */

import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Architecture } from "../arch/index.js";
import type { RunConfig } from "../config/index.js";
import { isSmashError } from "../errors.js";
import type { Trial } from "../search/index.js";
import type { NetworkTraining } from "../train/index.js";
import { bestEpochPath } from "./best-epoch.js";
import { KeptTraining, type TrainingImages, type TrainJob } from "./kept-training.js";
import { prepareEvaluation, type RunData } from "./prepare.js";
import { interrupted } from "./stop.js";

/** Most of a brief training over which its rate rises: it must fall to 0 as well. */
const mostWarmup = 0.3;

/** Epochs that make up at least so many steps: a part of one would see some images more often than others. */
export function wholeEpochs(steps: number, stepsPerEpoch: number): number {
  return Math.ceil(steps / stepsPerEpoch);
}

/** The run's configuration with this length of a training. */
export function briefly(config: RunConfig, epochs: number): RunConfig {
  const { networkTraining } = config;
  const warmup = Math.min(networkTraining.warmup, mostWarmup * epochs);
  return { ...config, networkTraining: { ...networkTraining, epochs, warmup } };
}

/** What brief trainings share. */
export interface BriefTrainingJob extends Pick<TrainJob, "config" | "dataset"> {
  /** Folder of the checkpoints, while there are any. */
  readonly path: string;
  /** For a message: whose training it is. */
  readonly whose: string;
}

/** What a brief training made of a network, on all held-out images; NaN where it diverged. */
type BrieflyTrained = NonNullable<Trial["trained"]>;

interface BriefTrainingContext {
  /** Told how many steps of this training are done. */
  readonly tell: (step: number) => void;
  readonly shouldStop: () => boolean;
}

/** Brief trainings of one network after another. */
export class BriefTrainings {
  readonly #job: BriefTrainingJob;
  readonly #images: TrainingImages;

  constructor(job: BriefTrainingJob, { train, validation }: Pick<RunData, "train" | "validation">) {
    this.#job = job;
    this.#images = { train, validation: prepareEvaluation(validation) };
  }

  /**
   * Trains a network, which `id` tells from the others. One that is stopped throws `SmashError("interrupted")` and goes
   * on from its checkpoint, bit for bit, when it is asked for again.
   */
  async train(
    architecture: Architecture,
    id: number,
    context: BriefTrainingContext,
  ): Promise<BrieflyTrained> {
    const { config, dataset, path } = this.#job;
    const checkpoint = join(path, `${id}.safetensors`);
    const trained = await this.#run({ config, dataset, architecture, checkpoint }, context);
    // Before anyone knows the result: after a kill in between, the same training gives the same.
    await removeFiles(checkpoint);
    return trained;
  }

  /** Removes what trainings that were stopped, and never asked for again, have left. */
  async clear(): Promise<void> {
    await rm(this.#job.path, { recursive: true, force: true });
  }

  async #run(job: TrainJob, { tell, shouldStop }: BriefTrainingContext): Promise<BrieflyTrained> {
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
      throw interrupted(`after step ${training.step} of ${training.steps} of ${this.#job.whose} training`);
    } finally {
      training.dispose();
    }
  }

  /** A checkpoint that is damaged, or of another network that had this number before, is worth a brief training at most. */
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

/** Early stopping may end it before its schedule does. */
const epochsOf = ({ step, stepsPerEpoch }: NetworkTraining) => Math.ceil(step / stepsPerEpoch);

async function removeFiles(checkpoint: string): Promise<void> {
  for (const path of [checkpoint, bestEpochPath(checkpoint)]) await rm(path, { force: true });
}
