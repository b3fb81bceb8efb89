/**
 * The brief training that finalists get: from scratch, as the winner will be trained, but for few epochs. What it makes
 * of the held-out images orders them anew.
 */

import { rm } from "node:fs/promises";
import type { RunConfig } from "../config/index.js";
import { stepsPerEpoch } from "../data/index.js";
import { SmashError } from "../errors.js";
import { disposeAll } from "../nn/index.js";
import type { Trial } from "../search/index.js";
import type { BatchTensors, Score } from "../train/index.js";
import { bestEpochPath } from "./best-epoch.js";
import { KeptTraining, type TrainJob } from "./kept-training.js";
import { prepareEvaluation, type RunData } from "./prepare.js";
import type { SearchJob } from "./search-job.js";

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
  readonly #images: Pick<RunData, "train"> & { readonly validation: readonly BatchTensors[] };

  constructor(job: SearchJob, { train, validation }: RunData) {
    const { networkTraining, ranking } = job.config;
    const perEpoch = stepsPerEpoch({ count: train.set.count, batchSize: networkTraining.batchSize });
    // One epoch of a small data set would tell networks apart by chance.
    const epochs = Math.min(Math.ceil(ranking.finalists.steps / perEpoch), networkTraining.epochs);
    this.#job = job;
    this.#config = { ...job.config, networkTraining: { ...networkTraining, epochs } };
    this.#images = { train, validation: prepareEvaluation(validation) };
    this.steps = epochs * perEpoch;
  }

  /**
   * The trial with the error and the loss that its network then has; NaN where the training diverged. One that is stopped
   * throws `SmashError("interrupted")` and goes on from its checkpoint, bit for bit, when it is asked for again.
   */
  async train(trial: Trial, context: FinalistContext): Promise<Trial> {
    const { folder, dataset } = this.#job;
    const { architecture, id } = trial;
    const checkpoint = folder.checkpointPath(`finalist-${id}`);
    const { error, loss } = await this.#run(
      { config: this.#config, dataset, architecture, checkpoint },
      context,
    );
    // Before anyone knows the result: after a kill in between, the same training gives the same.
    for (const path of [checkpoint, bestEpochPath(checkpoint)]) await rm(path, { force: true });
    const { epochs } = this.#config.networkTraining;
    return { ...trial, trained: { epochs, validationError: error, validationLoss: loss } };
  }

  async #run(job: TrainJob, { tell, shouldStop }: FinalistContext): Promise<Score> {
    const kept = await KeptTraining.open(job, this.#images);
    const { training } = kept;
    try {
      for await (const event of kept.run(shouldStop)) if (event.type === "network-step") tell(event.step);
      return training.evaluate(this.#images.validation);
    } catch (error) {
      if (error instanceof SmashError && error.code === "diverged") return { error: NaN, loss: NaN };
      throw error;
    } finally {
      disposeAll(training.state());
    }
  }
}
