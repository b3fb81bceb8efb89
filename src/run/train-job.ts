/** Normal training of one network, tested at its end; goes on from its checkpoint, bit for bit. */

import { isDeepStrictEqual } from "node:util";
import { countCost, type Architecture } from "../arch/index.js";
import type { RunConfig } from "../config/index.js";
import type { Dataset } from "../data/index.js";
import { SmashError } from "../errors.js";
import { createNetwork } from "../network/index.js";
import { disposeAll } from "../nn/index.js";
import type { TestDetails, TrainedNetwork } from "../report/index.js";
import { hasCheckpoint, loadCheckpoint, saveCheckpoint } from "../store/index.js";
import { NetworkTraining, testNetwork, type TestScore } from "../train/index.js";
import type { JobContext } from "./events.js";
import { trainingFactsSchema, type TrainingFacts } from "./facts.js";
import { loadTrainedNetwork } from "./load-network.js";
import { computeType, prepareData, prepareEvaluation } from "./prepare.js";
import { interrupted } from "./stop.js";
import { describeTest } from "./test-details.js";

export interface TrainJob {
  readonly config: RunConfig;
  readonly dataset: Dataset;
  readonly architecture: Architecture;
  readonly checkpoint: string;
}

/** A network after its training and its test. */
export interface TrainResult extends Omit<TrainedNetwork, "curve" | "seconds"> {
  readonly architecture: Architecture;
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
  if (await hasCheckpoint(checkpoint)) {
    const saved = await loadCheckpoint(checkpoint, device, trainingFactsSchema);
    checkSameTraining(job, saved.facts, training.steps);
    training.restore(saved.facts.step, saved.tensors, saved.facts.epochSums);
    disposeAll(saved.tensors);
  }
  const save = () =>
    saveCheckpoint(checkpoint, training.state(), {
      architecture,
      dataset: dataset.name,
      classes: dataset.classes,
      statistics: data.train.statistics,
      step: training.step,
      steps: training.steps,
      epochSums: training.epochSums,
    } satisfies TrainingFacts);
  const start = now();
  emit({ type: "phase", phase: "network", done: training.step, total: training.steps });
  for (const event of training.run()) {
    emit(event);
    // The last step of an epoch is saved with the epoch's measurement.
    const isWhole = event.type === "network-epoch" || event.step % training.stepsPerEpoch !== 0;
    if (!isWhole || training.step === training.steps) continue;
    if (shouldStop()) {
      await save();
      throw interrupted(`after step ${training.step} of ${training.steps}`);
    }
    if (event.type === "network-epoch" || training.step % settings.checkpointEvery === 0) await save();
  }
  await save();
  emit({ type: "phase-done", phase: "network", seconds: (now() - start) / 1000 });
  const { error } = training.evaluate(validation);
  const test = testNetwork(network, prepareEvaluation(data.test), computeType(config));
  return {
    architecture,
    ...countCost(architecture),
    epochs: settings.epochs,
    validationError: error,
    testError: test.error,
    testTop5Error: test.top5Error,
    checkpoint,
    test: await describeTest(test, { dataset, checkpoint }),
  };
}

function checkSameTraining(
  { architecture, dataset, checkpoint }: TrainJob,
  facts: TrainingFacts,
  steps: number,
): void {
  const difference =
    facts.dataset !== dataset.name
      ? `trained on ${facts.dataset}, not ${dataset.name}`
      : facts.steps !== steps
        ? `of a schedule of ${facts.steps} steps, not ${steps}`
        : !isDeepStrictEqual(facts.architecture, architecture) && "of another architecture";
  if (difference === false) return;
  throw new SmashError("checkpoint", {
    rule: "Training goes on only with the data set, architecture and schedule it began with.",
    found: `${checkpoint} is ${difference}.`,
    fix: "remove the checkpoint, or use another --out.",
  });
}

export interface EvalJob {
  readonly checkpoint: string;
  readonly dataset: Dataset;
  readonly device: string;
}

/** Tests a trained network on the data set's test images. */
export async function runEval({ checkpoint, dataset, device }: EvalJob): Promise<TestScore> {
  const { network, facts } = await loadTrainedNetwork(checkpoint, device);
  if (facts.architecture.input.size !== dataset.size) {
    throw new SmashError("checkpoint", {
      rule: "The images must have the size the network was trained on.",
      found: `${checkpoint} for ${facts.architecture.input.size} pixels, ${dataset.name} with ${dataset.size}.`,
      fix: `add --image-size ${facts.architecture.input.size}.`,
    });
  }
  if (facts.classes.length !== dataset.classes.length) {
    throw new SmashError("checkpoint", {
      rule: "The checkpoint must be of a network trained on a data set with these classes.",
      found: `${checkpoint} for ${facts.classes.length} classes, ${dataset.name} with ${dataset.classes.length}.`,
      fix: "give the file that `smash train` printed, and the data set it was trained on.",
    });
  }
  const source = { set: dataset.test, size: dataset.size, statistics: facts.statistics, device };
  return testNetwork(network, prepareEvaluation(source));
}
