/**
 * Normal training of one network, tested at its end; goes on from its checkpoint, bit for bit. The best epoch so far is
 * kept beside the checkpoint.
 */

import { countCost, type Architecture } from "../arch/index.js";
import type { RunConfig } from "../config/index.js";
import type { Dataset } from "../data/index.js";
import { SmashError } from "../errors.js";
import { createNetwork } from "../network/index.js";
import { disposeAll, loadState } from "../nn/index.js";
import type { TestDetails, TrainedNetwork } from "../report/index.js";
import { hasCheckpoint, loadCheckpoint, saveCheckpoint } from "../store/index.js";
import {
  networkState,
  NetworkTraining,
  testNetwork,
  type BestEpoch,
  type NetworkEvent,
  type TestScore,
} from "../train/index.js";
import { bestEpochPath, describeBestEpoch } from "./best-epoch.js";
import type { JobContext } from "./events.js";
import {
  networkFactsSchema,
  trainingFactsSchema,
  type NetworkFacts,
  type TrainingFacts,
  type Unfinished,
} from "./facts.js";
import { loadTrainedNetwork } from "./load-network.js";
import { computeType, prepareData, prepareEvaluation } from "./prepare.js";
import { checkSameTraining, describeOtherClasses, trainingRecipe } from "./same-training.js";
import { interrupted } from "./stop.js";
import { describeTest } from "./test-details.js";
import { withFix } from "./with-fix.js";

export interface TrainJob {
  readonly config: RunConfig;
  readonly dataset: Dataset;
  readonly architecture: Architecture;
  readonly checkpoint: string;
}

/** A network after its training and its test. */
export interface TrainResult extends Omit<TrainedNetwork, "dataset" | "curve" | "seconds"> {
  /** By validation error. Runs of older versions are without it. */
  readonly bestEpoch?: (BestEpoch & { readonly checkpoint: string }) | undefined;
}

/** What a job of kind "train" gives. */
export interface TestedResult extends TrainResult {
  /** For a page; too long for a terminal. */
  readonly test: TestDetails;
}

export async function runTrain(job: TrainJob, { emit, shouldStop, now }: JobContext): Promise<TestedResult> {
  const { config, dataset, architecture, checkpoint } = job;
  const data = prepareData(config, dataset);
  const { networkTraining: settings, seed, device } = config;
  const network = createNetwork(architecture, { seed, device });
  const validation = prepareEvaluation(data.validation);
  const training = new NetworkTraining(network, {
    settings,
    train: data.train,
    validation,
    seed,
    computeType: computeType(config),
  });
  const keeper = new TrainingKeeper(training, {
    ...job,
    facts: {
      architecture,
      dataset: dataset.name,
      classes: dataset.classes,
      statistics: data.train.statistics,
    },
  });
  await keeper.open();
  const start = now();
  emit({ type: "train", checkpoint, dataset: dataset.name, architecture, recipe: trainingRecipe(config) });
  emit({ type: "phase", phase: "network", done: training.step, total: training.steps });
  try {
    for (const event of training.run()) {
      emit(event);
      if (event.type === "network-epoch" && event.isBest) await keeper.saveBest();
      if (!isWhole(event, training) || training.isOver) continue;
      if (shouldStop()) {
        await keeper.save();
        throw interrupted(`after step ${training.step} of ${training.steps}`);
      }
      if (event.type === "network-epoch" || training.step % settings.checkpointEvery === 0)
        await keeper.save();
    }
    await keeper.finish();
  } catch (error) {
    throw keeper.explain(error);
  }
  emit({ type: "phase-done", phase: "network", seconds: (now() - start) / 1000 });
  const { error } = training.evaluate(validation);
  const test = testNetwork(training.evaluated, prepareEvaluation(data.test), computeType(config));
  const { best } = training.progress;
  return {
    architecture,
    ...countCost(architecture),
    epochs: training.step / training.stepsPerEpoch,
    validationError: error,
    testError: test.error,
    testTop5Error: test.top5Error,
    checkpoint,
    ...(best && { bestEpoch: { ...best, checkpoint: bestEpochPath(checkpoint) } }),
    test: await describeTest(test, { dataset, checkpoint }),
  };
}

/** Whether the state after the event may be saved: an epoch's last step is saved with the epoch's measurement. */
function isWhole(event: NetworkEvent, { step, stepsPerEpoch }: NetworkTraining): boolean {
  return event.type === "network-epoch" || step % stepsPerEpoch !== 0;
}

/** A training's files. */
class TrainingKeeper {
  readonly #training: NetworkTraining;
  readonly #job: TrainJob & { readonly facts: NetworkFacts };
  /** Steps that the checkpoint holds. */
  #savedStep = 0;
  #isFinished = false;

  constructor(training: NetworkTraining, job: TrainJob & { readonly facts: NetworkFacts }) {
    this.#training = training;
    this.#job = job;
  }

  /** Goes on from the checkpoint, where there is one. */
  async open(): Promise<void> {
    const { checkpoint, config, dataset, architecture } = this.#job;
    if (!(await hasCheckpoint(checkpoint))) return;
    const { facts, tensors } = await loadCheckpoint(checkpoint, config.device, trainingFactsSchema);
    const { steps } = this.#training;
    const { name, classes } = dataset;
    checkSameTraining({ checkpoint, config, architecture, dataset: name, classes, steps }, facts);
    this.#training.restore(tensors, facts);
    disposeAll(tensors);
    this.#savedStep = facts.step;
    this.#isFinished = facts.isFinished ?? false;
  }

  async save(): Promise<void> {
    const { checkpoint, config, facts } = this.#job;
    await saveCheckpoint(checkpoint, this.#training.state(), {
      ...facts,
      steps: this.#training.steps,
      ...this.#training.progress,
      recipe: trainingRecipe(config),
      ...(this.#isFinished && { isFinished: true }),
    } satisfies TrainingFacts);
    this.#savedStep = this.#training.step;
  }

  /**
   * To be called before `save`, because the checkpoint names the best epoch, whose file must be there by then. After a
   * kill in between, the epoch is trained again and this file written again.
   */
  async saveBest(): Promise<void> {
    const { checkpoint, facts } = this.#job;
    const { best } = this.#training.progress;
    await saveCheckpoint(bestEpochPath(checkpoint), networkState(this.#training.evaluated), {
      ...facts,
      ...best,
    });
  }

  /** With early stopping, the best epoch's weights are the result. */
  async finish(): Promise<void> {
    const { checkpoint, config } = this.#job;
    if (this.#isFinished) return;
    if (config.networkTraining.earlyStopping?.patience && this.#training.progress.best) {
      const path = bestEpochPath(checkpoint);
      const { tensors } = await loadCheckpoint(path, config.device, networkFactsSchema);
      loadState(networkState(this.#training.evaluated), tensors);
      disposeAll(tensors);
    }
    this.#isFinished = true;
    await this.save();
  }

  /** What an error that ended the training left behind, and how to go on. */
  explain(error: unknown): unknown {
    const { checkpoint } = this.#job;
    const best = describeBestEpoch(checkpoint, this.#training.progress.best);
    const hasDiverged = error instanceof SmashError && error.code === "diverged";
    if (!hasDiverged) return withFix(error, (fix) => fix + best);
    const saved =
      this.#savedStep > 0 ? `${checkpoint} holds step ${this.#savedStep}.` : "Nothing was saved yet.";
    const next =
      "lower networkTraining.rate or raise its warmup in a --config file, and train anew with another --out.";
    return withFix(error, () => `${next} ${saved}${best}`);
  }
}

export interface EvalJob {
  readonly checkpoint: string;
  readonly dataset: Dataset;
  readonly device: string;
  readonly precision: RunConfig["precision"];
}

/** What a job of kind "eval" gives. */
export interface EvalResult extends TestScore {
  /** Where the network's training is, unless that came to its end. */
  readonly unfinished: Unfinished | undefined;
}

/** Tests a trained network on the data set's test images. */
export async function runEval(
  { checkpoint, dataset, device, precision }: EvalJob,
  { shouldStop }: JobContext,
): Promise<EvalResult> {
  const { network, facts, unfinished } = await loadTrainedNetwork(checkpoint, device);
  if (facts.architecture.input.size !== dataset.size) {
    throw new SmashError("checkpoint", {
      rule: "The images must have the size the network was trained on.",
      found: `${checkpoint} for ${facts.architecture.input.size} pixels, ${dataset.name} with ${dataset.size}.`,
      fix: `add --image-size ${facts.architecture.input.size}.`,
    });
  }
  const difference = describeOtherClasses(facts.classes, dataset.classes);
  if (difference !== undefined) {
    throw new SmashError("checkpoint", {
      rule: "The checkpoint must be of a network trained on a data set with these classes, in this order.",
      found: `${checkpoint} ${difference} in ${dataset.name}.`,
      fix: "give the file that `smash train` printed, and the data set it was trained on; a class that was renamed needs its old name.",
    });
  }
  const source = { set: dataset.test, size: dataset.size, statistics: facts.statistics, device };
  function* untilStopped() {
    for (const batch of prepareEvaluation(source)) {
      if (shouldStop()) throw interrupted("in the test of a network, which starts again");
      yield batch;
    }
  }
  return { ...testNetwork(network, untilStopped(), computeType({ precision })), unfinished };
}
