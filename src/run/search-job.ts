/**
 * The search: trains the HyperNet, ranks architectures, keeps the best. Everything it does is on disk soon after, and a
 * run that was killed at any moment goes on to the bit-identical ranking.
 */

import type { RunConfig } from "../config/index.js";
import type { Dataset } from "../data/index.js";
import { paretoFronts, planTrials, rankTrials, type Pareto, type Trial } from "../search/index.js";
import { hasCheckpoint, readTrials, saveCheckpoint, useCheckpoint, type RunFolder } from "../store/index.js";
import { HyperNetTraining, type ScoringData } from "../train/index.js";
import type { JobContext } from "./events.js";
import { hyperNetFactsSchema, type HyperNetFacts } from "./facts.js";
import { runPhase } from "./phase.js";
import { computeType, createSearchNetwork, prepareData, prepareScoring, type RunData } from "./prepare.js";
import { rankMore } from "./rank-more.js";
import { closeTarget } from "./rank-target.js";
import { claimData } from "./same-data.js";
import { interrupted } from "./stop.js";

/** What a job of kind "search" gives. */
export interface SearchResult {
  readonly hypernet: { readonly steps: number; readonly validationError: number };
  /** Best first. */
  readonly ranking: readonly Trial[];
  readonly best: Trial;
  readonly pareto: Pareto;
}

/** A run and the data set it searches on. */
export interface SearchJob {
  readonly folder: RunFolder;
  readonly config: RunConfig;
  readonly dataset: Dataset;
}

export async function runSearch(job: SearchJob, context: JobContext): Promise<SearchResult> {
  const { config } = job;
  await claimData(job.folder, job.dataset);
  const data = prepareData(config, job.dataset);
  const scoring = prepareScoring(config, data);
  const opened = await openTraining(job, { data, scoring });
  const facts = await trainHyperNet(job, opened, context);
  const { network } = opened.training;
  const plan = planTrials(config.ranking.counts);
  // What smash rank was adding to, or will be, is another number of trials now.
  if (readTrials(job.folder.trialsPath).length < plan.length) await closeTarget(job.folder);
  const { trials } = await rankMore(job, { network, data, scoring, plan }, context);
  const ranking = rankTrials(trials, config.ranking.rankedBy);
  return {
    hypernet: { steps: facts.step, validationError: facts.validationError },
    ranking,
    best: ranking[0],
    pareto: paretoFronts(ranking, config.ranking.rankedBy),
  };
}

interface OpenedTraining {
  readonly training: HyperNetTraining;
  /** Last measurement on held-out images; NaN before the first. */
  readonly validationError: number;
}

/** The run's HyperNet training as its checkpoint left it, or from the start. */
export async function openTraining(
  { folder, config }: SearchJob,
  { data, scoring }: { readonly data: RunData; readonly scoring: ScoringData },
): Promise<OpenedTraining> {
  const { hypernetTraining: settings, seed } = config;
  const training = new HyperNetTraining(createSearchNetwork(config), {
    settings,
    train: data.train,
    scoring,
    seed,
    computeType: computeType(config),
  });
  const path = folder.checkpointPath("hypernet");
  if (!(await hasCheckpoint(path))) return { training, validationError: NaN };
  const saved = { device: config.device, schema: hyperNetFactsSchema };
  return useCheckpoint(path, saved, ({ facts, tensors }) => {
    training.restore(facts.step, tensors);
    return { training, validationError: facts.validationError };
  });
}

/** Trains to the end; nothing is left to do where that is reached. */
export async function trainHyperNet(
  { folder, config }: SearchJob,
  opened: OpenedTraining,
  context: JobContext,
): Promise<HyperNetFacts> {
  const { emit, shouldStop } = context;
  const { training } = opened;
  const { hypernetTraining: settings } = config;
  let { validationError } = opened;
  const path = folder.checkpointPath("hypernet");
  const facts = (): HyperNetFacts => ({ step: training.step, validationError });
  const save = () => saveCheckpoint(path, training.state(), facts());
  const train = async () => {
    for (const event of training.run()) {
      emit(event);
      if (event.type === "hypernet-validation") validationError = event.error;
      const isLast = training.step === settings.steps;
      // Where a measurement follows the step, it belongs to the same saved state.
      const isWhole =
        event.type === "hypernet-validation" || !(isLast || event.step % settings.validateEvery === 0);
      if (!isWhole || isLast) continue;
      if (shouldStop()) {
        await save();
        throw interrupted(`after step ${training.step} of the HyperNet's training`);
      }
      if (training.step % settings.checkpointEvery === 0) await save();
    }
    await save();
  };
  await runPhase({ phase: "hypernet", done: training.step, total: settings.steps }, train, context);
  return facts();
}
