/** Normal training of one network that keeps its state on disk, and goes on from there, bit for bit. */

import type { Architecture } from "../arch/index.js";
import type { RunConfig } from "../config/index.js";
import type { Dataset } from "../data/index.js";
import { isSmashError } from "../errors.js";
import { createNetwork } from "../network/index.js";
import { loadState } from "../nn/index.js";
import { hasCheckpoint, saveCheckpoint, useCheckpoint } from "../store/index.js";
import {
  networkState,
  NetworkTraining,
  type NetworkEvent,
  type NetworkTrainingOptions,
} from "../train/index.js";
import { bestEpochPath, describeBestEpoch } from "./best-epoch.js";
import type { JobContext } from "./events.js";
import { networkFactsSchema, trainingFactsSchema, type NetworkFacts, type TrainingFacts } from "./facts.js";
import { computeType } from "./prepare.js";
import { checkSameTraining, trainingRecipe } from "./same-training.js";
import { interrupted } from "./stop.js";
import { withFix } from "./with-fix.js";

/** What is trained, on what, how, and where its state lies. */
export interface TrainJob {
  readonly config: RunConfig;
  readonly dataset: Dataset;
  readonly architecture: Architecture;
  readonly checkpoint: string;
}

/** The images of the job's data set, as the run divides them. */
export type TrainingImages = Pick<NetworkTrainingOptions, "train" | "validation">;

/** A training and its files: the checkpoint, and beside it the best epoch so far. */
export class KeptTraining {
  readonly training: NetworkTraining;
  readonly #job: TrainJob & { readonly facts: NetworkFacts };
  /** Steps that the checkpoint holds. */
  #savedStep = 0;
  #isFinished = false;

  private constructor(job: TrainJob, images: TrainingImages) {
    const { config, dataset, architecture } = job;
    const { networkTraining: settings, seed, device } = config;
    const facts = {
      architecture,
      dataset: dataset.name,
      classes: dataset.classes,
      ...(dataset.folder && { images: dataset.folder.md5 }),
      statistics: images.train.statistics,
    };
    this.#job = { ...job, facts };
    this.training = new NetworkTraining(createNetwork(architecture, { seed, device }), {
      ...{ settings, seed, ...images },
      computeType: computeType(config),
    });
  }

  /** Where its checkpoint left it, or at its start. */
  static async open(job: TrainJob, images: TrainingImages): Promise<KeptTraining> {
    const kept = new KeptTraining(job, images);
    try {
      await kept.#restore();
      return kept;
    } catch (error) {
      kept.training.dispose();
      throw error;
    }
  }

  /** What is left of the training, saved as it goes on. Throws `SmashError("interrupted")` after a save where that is asked for. */
  async *run(shouldStop: JobContext["shouldStop"]): AsyncGenerator<NetworkEvent, void> {
    const { training } = this;
    const { checkpointEvery } = this.#job.config.networkTraining;
    try {
      for (const event of training.run()) {
        yield event;
        if (event.type === "network-epoch" && event.isBest) await this.#saveBest();
        if (!isWhole(event, training) || training.isOver) continue;
        if (shouldStop()) {
          await this.#save();
          throw interrupted(`after step ${training.step} of ${training.steps}`);
        }
        if (event.type === "network-epoch" || training.step % checkpointEvery === 0) await this.#save();
      }
      await this.#finish();
    } catch (error) {
      throw this.#explain(error);
    }
  }

  /** Goes on from the checkpoint, where there is one. */
  async #restore(): Promise<void> {
    const { checkpoint, config, dataset, architecture } = this.#job;
    if (!(await hasCheckpoint(checkpoint))) return;
    const { steps } = this.training;
    const { name, classes, folder } = dataset;
    const saved = { device: config.device, schema: trainingFactsSchema };
    await useCheckpoint(checkpoint, saved, ({ facts, tensors }) => {
      const asked = { checkpoint, config, architecture, dataset: name, classes, images: folder?.md5, steps };
      checkSameTraining(asked, facts);
      this.training.restore(tensors, facts);
      this.#savedStep = facts.step;
      this.#isFinished = facts.isFinished ?? false;
    });
  }

  async #save(): Promise<void> {
    const { checkpoint, config, facts } = this.#job;
    await saveCheckpoint(checkpoint, this.training.state(), {
      ...facts,
      steps: this.training.steps,
      ...this.training.progress,
      recipe: trainingRecipe(config),
      ...(this.#isFinished && { isFinished: true }),
    } satisfies TrainingFacts);
    this.#savedStep = this.training.step;
  }

  /**
   * To be called before `#save`, because the checkpoint names the best epoch, whose file must be there by then. After a
   * kill in between, the epoch is trained again and this file written again.
   */
  async #saveBest(): Promise<void> {
    const { checkpoint, facts } = this.#job;
    const { best } = this.training.progress;
    await saveCheckpoint(bestEpochPath(checkpoint), networkState(this.training.evaluated), {
      ...facts,
      ...best,
    });
  }

  /** With early stopping, the best epoch's weights are the result. */
  async #finish(): Promise<void> {
    const { checkpoint, config } = this.#job;
    if (this.#isFinished) return;
    if (config.networkTraining.earlyStopping?.patience && this.training.progress.best) {
      const path = bestEpochPath(checkpoint);
      await useCheckpoint(path, { device: config.device, schema: networkFactsSchema }, ({ tensors }) =>
        loadState(networkState(this.training.evaluated), tensors),
      );
    }
    this.#isFinished = true;
    await this.#save();
  }

  /** What an error that ended the training left behind, and how to go on. */
  #explain(error: unknown): unknown {
    const { checkpoint } = this.#job;
    const best = describeBestEpoch(checkpoint, this.training.progress.best);
    const hasDiverged = isSmashError(error, "diverged");
    if (!hasDiverged) return withFix(error, (fix) => fix + best);
    const saved =
      this.#savedStep > 0 ? `${checkpoint} holds step ${this.#savedStep}.` : "Nothing was saved yet.";
    const next =
      "lower networkTraining.rate or raise its warmup in a --config file, and train anew with another --out.";
    return withFix(error, () => `${next} ${saved}${best}`);
  }
}

/** Whether the state after the event may be saved: an epoch's last step is saved with the epoch's measurement. */
function isWhole(event: NetworkEvent, { step, stepsPerEpoch }: NetworkTraining): boolean {
  return event.type === "network-epoch" || step % stepsPerEpoch !== 0;
}
