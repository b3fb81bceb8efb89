/**
 * Ranking with a trained HyperNet, in rounds: all are scored with generated weights, then the best of them fine-tuned,
 * then finalists trained briefly. Each round costs more for an architecture, knows more of it and sees fewer.
 */

import { stepsPerEpoch } from "../data/index.js";
import { fineTuneTrial, listUntuned, rankArchitectures } from "../rank/index.js";
import {
  chooseFinalists,
  isWithin,
  rankTrials,
  type Limits,
  type RankedBy,
  type Strategy,
  type Trial,
} from "../search/index.js";
import { TrialStore, type RunFolder } from "../store/index.js";
import type { JobContext } from "./events.js";
import { BriefTrainings, briefly, wholeEpochs } from "./brief-trainings.js";
import { learnSurrogate } from "./learn-surrogate.js";
import { measureArchitecture } from "./latency-meter.js";
import { runPhase } from "./phase.js";
import { computeType, type RunData, type ScoringSetup } from "./prepare.js";
import { quoted } from "./quoted.js";
import type { SearchJob } from "./search-job.js";
import { interrupted } from "./stop.js";
import { withFix } from "./with-fix.js";

interface MoreToRank extends ScoringSetup {
  readonly plan: readonly Strategy[];
  /** Default: the run's. */
  readonly limits?: Limits;
  /** How many of the best are fine-tuned. Default: the run's number. */
  readonly fineTune?: number;
  /** How many of the best are then trained briefly. Default: the run's number. */
  readonly finalists?: number;
}

/**
 * Scores until the plan is fulfilled, then fine-tunes the best, then trains the finalists; what is in the store is not
 * done again. Seconds: of the scoring, in this sitting.
 */
export async function rankMore(
  job: SearchJob,
  more: MoreToRank,
  context: JobContext,
): Promise<{ readonly trials: readonly Trial[]; readonly seconds: number }> {
  const { folder, config } = job;
  const { rankedBy, limits, fineTuning, finalists } = config.ranking;
  const trials = new KeptTrials(folder, rankedBy);
  const round = { limits, fineTune: fineTuning.best, finalists: finalists.count, ...more, trials };
  try {
    await trials.writeLeader();
    const seconds = await score(job, round, context);
    await fineTune(job, round, context);
    await trainFinalists(job, round, context);
    return { trials: trials.all, seconds };
  } catch (error) {
    if (trials.all.length === 0) throw error;
    const best = `The best so far is ${folder.bestPath}; smash train --data ${quoted(config.dataset)} --run ${quoted(folder.path)} trains it.`;
    throw withFix(error, (fix) => `${fix} ${best}`);
  } finally {
    trials.close();
  }
}

/** The trials of a run: on disk as soon as they are known, and so is the best of them. */
class KeptTrials {
  readonly #folder: RunFolder;
  readonly #store: TrialStore;
  readonly #rankedBy: RankedBy;
  readonly #trials: Trial[];
  #written: Trial | undefined;

  constructor(folder: RunFolder, rankedBy: RankedBy) {
    this.#folder = folder;
    this.#rankedBy = rankedBy;
    this.#store = new TrialStore(folder.trialsPath);
    this.#trials = [...this.#store.list()];
  }

  /** In the order of scoring. */
  get all(): readonly Trial[] {
    return this.#trials;
  }

  async add(trial: Trial): Promise<void> {
    this.#store.add(trial);
    this.#trials.push(trial);
    await this.writeLeader();
  }

  /** Puts a trial in the place of the one with its id. */
  async replace(trial: Trial): Promise<void> {
    this.#store.replace(trial);
    this.#trials[trial.id] = trial;
    await this.writeLeader();
  }

  /** Where scores are ranks, a new trial can change which of the earlier ones leads. */
  async writeLeader(): Promise<void> {
    const leader = rankTrials(this.#trials, this.#rankedBy).at(0);
    if (leader === undefined || leader === this.#written) return;
    this.#written = leader;
    await this.#folder.writeBest(leader.architecture);
  }

  close(): void {
    this.#store.close();
  }
}

type Round = Required<MoreToRank> & { readonly trials: KeptTrials };

/** The part of a trial's evaluation that all rounds share. */
function evaluationOf({ config }: SearchJob, { scoring }: Round) {
  return { scoring, batchNorm: config.ranking.batchNorm, computeType: computeType(config) };
}

async function score(job: SearchJob, round: Round, context: JobContext): Promise<number> {
  const { emit, shouldStop } = context;
  const { seed, ranking } = job.config;
  const { network, plan, limits, trials } = round;
  const isPredicted = ranking.rankedBy === "predicted" && trials.all.length < plan.length;
  const surrogate = isPredicted ? await learnSurrogate(job, round, context) : undefined;
  const options = {
    ...{ ...evaluationOf(job, round), plan, history: trials.all, limits, seed, surrogate },
    ...{ rankedBy: ranking.rankedBy, against: ranking.against },
    measureLatency: measureArchitecture,
  };
  const work = async () => {
    for await (const event of rankArchitectures(network, options)) {
      await trials.add(event.trial);
      emit(event);
      if (shouldStop() && trials.all.length < plan.length)
        throw interrupted(`after ${trials.all.length} of ${plan.length} architectures`);
    }
  };
  return runPhase({ phase: "ranking", done: trials.all.length, total: plan.length }, work, context);
}

async function fineTune(job: SearchJob, round: Round, context: JobContext): Promise<void> {
  const { emit, shouldStop } = context;
  const { rankedBy } = job.config.ranking;
  const { network, trials, limits, fineTune: best } = round;
  const untuned = () =>
    listUntuned(
      trials.all.filter((trial) => isWithin(limits, trial)),
      { best, rankedBy },
    );
  const work = async () => {
    for (let left = untuned(); left.length > 0; left = untuned()) {
      if (shouldStop()) throw interrupted(`with ${left.length} of the best to be fine-tuned`);
      const event = fineTuneTrial(network, left[0], evaluationOf(job, round));
      await trials.replace(event.trial);
      emit(event);
    }
  };
  await runPhase({ phase: "fine-tuning", done: 0, total: untuned().length }, work, context);
}

async function trainFinalists(job: SearchJob, round: Round, context: JobContext): Promise<void> {
  const { emit, shouldStop } = context;
  const { rankedBy } = job.config.ranking;
  const { data, trials, limits, finalists: count } = round;
  const chosen = chooseFinalists(trials.all, { count, rankedBy, limits });
  const left = chosen.filter(({ trained }) => !trained);
  if (left.length === 0) return;
  const { training, steps } = finalistTrainings(job, data);
  let done = (chosen.length - left.length) * steps;
  const work = async () => {
    for (const trial of left) {
      if (shouldStop()) throw interrupted(`after ${done / steps} of ${chosen.length} finalists`);
      const tell = (step: number) => emit({ type: "finalist-step", step: done + step });
      const trained = {
        ...trial,
        trained: await training.train(trial.architecture, trial.id, { tell, shouldStop }),
      };
      await trials.replace(trained);
      done += steps;
      emit({ type: "finalist", step: done, trial: trained });
    }
    await training.clear();
  };
  await runPhase({ phase: "finalists", done, total: chosen.length * steps }, work, context);
}

/** How finalists are trained, and for how many steps each. */
function finalistTrainings(
  { config, dataset, folder }: SearchJob,
  data: RunData,
): { readonly training: BriefTrainings; readonly steps: number } {
  const { networkTraining, ranking } = config;
  const perEpoch = stepsPerEpoch({ count: data.train.set.count, batchSize: networkTraining.batchSize });
  // One epoch of a small data set would tell networks apart by chance.
  const epochs = Math.min(wholeEpochs(ranking.finalists.steps, perEpoch), networkTraining.epochs);
  const job = { config: briefly(config, epochs), dataset, path: folder.finalistsPath, whose: "a finalist's" };
  return { training: new BriefTrainings(job, data), steps: epochs * perEpoch };
}
