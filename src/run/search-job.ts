/**
 * The search: trains the HyperNet, ranks architectures, keeps the best. Everything it does is on disk soon after, and a
 * run that was killed at any moment goes on to the bit-identical ranking.
 */

import type { RunConfig } from "../config/index.js";
import type { Dataset } from "../data/index.js";
import type { SearchNetwork } from "../network/index.js";
import { disposeAll } from "../nn/index.js";
import { fineTuneTrial, listUntuned, rankArchitectures } from "../rank/index.js";
import {
  isWithin,
  paretoFronts,
  planTrials,
  rankTrials,
  type Limits,
  type Pareto,
  type Strategy,
  type Trial,
} from "../search/index.js";
import { hasCheckpoint, loadCheckpoint, saveCheckpoint, TrialStore, type RunFolder } from "../store/index.js";
import { HyperNetTraining, type ScoringData } from "../train/index.js";
import type { JobContext, Phase } from "./events.js";
import { hyperNetFactsSchema, type HyperNetFacts } from "./facts.js";
import { measureArchitecture } from "./latency-meter.js";
import { computeType, createSearchNetwork, prepareData, prepareScoring, type RunData } from "./prepare.js";
import { quoted } from "./quoted.js";
import { claimData } from "./same-data.js";
import { interrupted } from "./stop.js";
import { withFix } from "./with-fix.js";

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
  const { facts, tensors } = await loadCheckpoint(path, config.device, hyperNetFactsSchema);
  training.restore(facts.step, tensors);
  disposeAll(tensors);
  return { training, validationError: facts.validationError };
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

/** A phase, and how far it is when it begins. */
interface PhaseStart {
  readonly phase: Phase;
  readonly done: number;
  readonly total: number;
}

/** Tells of a phase around the work that is left of it; gives the seconds that took, 0 where nothing is left. */
async function runPhase(
  start: PhaseStart,
  work: () => Promise<void>,
  { emit, now }: JobContext,
): Promise<number> {
  if (start.done >= start.total) return 0;
  const before = now();
  emit({ type: "phase", ...start });
  await work();
  const seconds = (now() - before) / 1000;
  emit({ type: "phase-done", phase: start.phase, seconds });
  return seconds;
}

/**
 * Scores until the plan is fulfilled, then fine-tunes the best; trials in the store are not scored again. Seconds: of the
 * scoring, in this sitting.
 */
export async function rankMore(
  { folder, config }: SearchJob,
  {
    network,
    scoring,
    plan,
    limits = config.ranking.limits,
    fineTune: best = config.ranking.fineTuning.best,
  }: {
    readonly network: SearchNetwork;
    readonly scoring: ScoringData;
    readonly plan: readonly Strategy[];
    /** Default: the run's. */
    readonly limits?: Limits;
    /** How many of the best are fine-tuned. Default: the run's number. */
    readonly fineTune?: number;
  },
  context: JobContext,
): Promise<{ readonly trials: readonly Trial[]; readonly seconds: number }> {
  const { emit, shouldStop } = context;
  const store = new TrialStore(folder.trialsPath);
  const { rankedBy, against, batchNorm } = config.ranking;
  const trials = [...store.list()];
  const evaluation = { scoring, batchNorm, computeType: computeType(config) };
  let written: Trial | undefined;
  /** Where scores are ranks, a new trial can change which of the earlier ones leads. */
  const writeLeader = async () => {
    const leader = rankTrials(trials, rankedBy).at(0);
    if (leader === undefined || leader === written) return;
    written = leader;
    await folder.writeBest(leader.architecture);
  };
  const score = async () => {
    const options = {
      ...{ ...evaluation, plan, history: trials, rankedBy, against, limits, seed: config.seed },
      measureLatency: measureArchitecture,
    };
    for await (const event of rankArchitectures(network, options)) {
      store.add(event.trial);
      trials.push(event.trial);
      await writeLeader();
      emit(event);
      if (shouldStop() && trials.length < plan.length)
        throw interrupted(`after ${trials.length} of ${plan.length} architectures`);
    }
  };
  const untuned = () =>
    listUntuned(
      trials.filter((trial) => isWithin(limits, trial)),
      { best, rankedBy },
    );
  const fineTune = async () => {
    for (let left = untuned(); left.length > 0; left = untuned()) {
      if (shouldStop()) throw interrupted(`with ${left.length} of the best to be fine-tuned`);
      const event = fineTuneTrial(network, left[0], evaluation);
      store.replace(event.trial);
      trials[event.trial.id] = event.trial;
      await writeLeader();
      emit(event);
    }
  };
  try {
    await writeLeader();
    const ranking = { phase: "ranking", done: trials.length, total: plan.length } as const;
    const seconds = await runPhase(ranking, score, context);
    await runPhase({ phase: "fine-tuning", done: 0, total: untuned().length }, fineTune, context);
    return { trials, seconds };
  } catch (error) {
    if (trials.length === 0) throw error;
    const best = `The best so far is ${folder.bestPath}; smash train --data ${quoted(config.dataset)} --run ${quoted(folder.path)} trains it.`;
    throw withFix(error, (fix) => `${fix} ${best}`);
  } finally {
    store.close();
  }
}
