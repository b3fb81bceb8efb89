/**
 * Normal training of one network, tested at its end; goes on from its checkpoint, bit for bit. The best epoch so far is
 * kept beside the checkpoint.
 */

import { countCost } from "../arch/index.js";
import type { RunConfig } from "../config/index.js";
import type { Dataset } from "../data/index.js";
import { SmashError } from "../errors.js";
import type { TestDetails, TrainedNetwork } from "../report/index.js";
import { testNetwork, type BestEpoch, type TestScore } from "../train/index.js";
import { bestEpochPath } from "./best-epoch.js";
import type { JobContext } from "./events.js";
import type { Unfinished } from "./facts.js";
import { requireFitting } from "./fitting-data.js";
import { KeptTraining, type TrainJob } from "./kept-training.js";
import { loadTrainedNetwork } from "./load-network.js";
import { computeType, prepareData, prepareEvaluation } from "./prepare.js";
import { trainingRecipe } from "./same-training.js";
import { describeTest } from "./test-details.js";

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
  const validation = prepareEvaluation(data.validation);
  const kept = await KeptTraining.open(job, { train: data.train, validation });
  const { training } = kept;
  const start = now();
  emit({ type: "train", checkpoint, dataset: dataset.name, architecture, recipe: trainingRecipe(config) });
  emit({ type: "phase", phase: "network", done: training.step, total: training.steps });
  for await (const event of kept.run(shouldStop)) emit(event);
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
  requireFitting({ checkpoint, facts }, dataset);
  const source = { set: dataset.test, size: dataset.size, statistics: facts.statistics, device };
  function* untilStopped() {
    for (const batch of prepareEvaluation(source)) {
      if (shouldStop()) throw stoppedTest();
      yield batch;
    }
  }
  return { ...testNetwork(network, untilStopped(), computeType({ precision })), unfinished };
}

function stoppedTest(): SmashError {
  return new SmashError("interrupted", {
    rule: "The test must reach its end.",
    found: "it was stopped before that.",
    fix: "run the same command again; it starts anew.",
  });
}
