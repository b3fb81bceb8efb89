/**
 * The search: trains the HyperNet, ranks architectures, keeps the best. Everything it does is on disk soon after, and a
 * run that was killed at any moment goes on to the bit-identical ranking.
 */

import type { RunConfig } from "../config/index.js";
import type { Dataset } from "../data/index.js";
import type { SmashNetwork } from "../network/index.js";
import { rankArchitectures } from "../rank/index.js";
import { planTrials, rankTrials, type Strategy, type Trial } from "../search/index.js";
import { hasCheckpoint, loadCheckpoint, saveCheckpoint, TrialStore, type RunFolder } from "../store/index.js";
import { HyperNetTraining, type ScoringData } from "../train/index.js";
import type { JobContext } from "./events.js";
import { computeType, createSmashNetwork, prepareData, prepareScoring, type RunData } from "./prepare.js";
import { interrupted } from "./stop.js";

interface HyperNetFacts {
  readonly step: number;
  /** Last measurement on held-out images. */
  readonly validationError: number;
}

export interface SearchResult {
  readonly hypernet: { readonly steps: number; readonly validationError: number };
  /** Best first. */
  readonly ranking: readonly Trial[];
  readonly best: Trial;
}

export interface SearchJob {
  readonly folder: RunFolder;
  readonly config: RunConfig;
  readonly dataset: Dataset;
}

export async function runSearch(job: SearchJob, context: JobContext): Promise<SearchResult> {
  const { config } = job;
  const data = prepareData(config, job.dataset);
  const scoring = prepareScoring(config, data);
  const { network, facts } = await trainHyperNet(job, { data, scoring }, context);
  const { trials } = await rankMore(
    job,
    { network, scoring, plan: planTrials(config.ranking.counts) },
    context,
  );
  const ranking = rankTrials(trials, config.ranking.rankedBy);
  return {
    hypernet: { steps: facts.step, validationError: facts.validationError },
    ranking,
    best: ranking[0],
  };
}

/** Trains to the end, or loads what is already trained. */
export async function trainHyperNet(
  { folder, config }: SearchJob,
  { data, scoring }: { readonly data: RunData; readonly scoring: ScoringData },
  { emit, shouldStop, now }: JobContext,
): Promise<{ readonly network: SmashNetwork; readonly facts: HyperNetFacts }> {
  const path = folder.checkpointPath("hypernet");
  const { hypernetTraining: settings, seed } = config;
  const network = createSmashNetwork(config);
  const training = new HyperNetTraining(network, {
    settings,
    train: data.train,
    scoring,
    seed,
    computeType: computeType(config),
  });
  let validationError = NaN;
  if (await hasCheckpoint(path)) {
    const saved = await loadCheckpoint<HyperNetFacts>(path, config.device);
    training.restore(saved.facts.step, saved.tensors);
    for (const tensor of saved.tensors.values()) tensor.dispose();
    validationError = saved.facts.validationError;
  }
  const facts = (): HyperNetFacts => ({ step: training.step, validationError });
  const save = () => saveCheckpoint(path, training.state(), facts());
  const isDone = training.step === settings.steps;
  if (isDone) return { network, facts: facts() };
  const start = now();
  emit({ type: "phase", phase: "hypernet", done: training.step, total: settings.steps });
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
  emit({ type: "phase-done", phase: "hypernet", seconds: (now() - start) / 1000 });
  return { network, facts: facts() };
}

/** Scores until the plan is fulfilled; trials in the store are not scored again. */
export async function rankMore(
  { folder, config }: SearchJob,
  {
    network,
    scoring,
    plan,
  }: { readonly network: SmashNetwork; readonly scoring: ScoringData; readonly plan: readonly Strategy[] },
  { emit, shouldStop, now }: JobContext,
): Promise<{ readonly trials: readonly Trial[]; readonly seconds: number }> {
  const store = new TrialStore(folder.trialsPath);
  const { rankedBy, batchNorm } = config.ranking;
  const trials = [...store.list()];
  const start = now();
  try {
    if (trials.length > 0) await folder.writeBest(rankTrials(trials, rankedBy)[0].architecture);
    if (trials.length >= plan.length) return { trials, seconds: 0 };
    emit({ type: "phase", phase: "ranking", done: trials.length, total: plan.length });
    const options = {
      plan,
      history: trials,
      scoring,
      rankedBy,
      seed: config.seed,
      batchNorm,
      computeType: computeType(config),
    };
    for (const event of rankArchitectures(network, options)) {
      store.add(event.trial);
      trials.push(event.trial);
      if (rankTrials(trials, rankedBy)[0] === event.trial) await folder.writeBest(event.trial.architecture);
      emit(event);
      if (shouldStop() && trials.length < plan.length)
        throw interrupted(`after ${trials.length} of ${plan.length} architectures`);
    }
    const seconds = (now() - start) / 1000;
    emit({ type: "phase-done", phase: "ranking", seconds });
    return { trials, seconds };
  } finally {
    store.close();
  }
}
