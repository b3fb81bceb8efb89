/** Ranks more architectures with the trained HyperNet of a run; they join the run's trials. */

import { SmashError } from "../errors.js";
import {
  describeLimits,
  isTighter,
  isWithin,
  paretoFronts,
  planTrials,
  randomSearch,
  rankTrials,
  type Limits,
  type Pareto,
  type SearchCounts,
  type Strategy,
  type Trial,
} from "../search/index.js";
import { readTrials } from "../store/index.js";
import type { JobContext } from "./events.js";
import { prepareData, prepareScoring, type ScoringSetup } from "./prepare.js";
import { closeTarget, openTarget } from "./rank-target.js";
import { rankMore } from "./rank-more.js";
import { claimData } from "./same-data.js";
import { openTraining, type SearchJob } from "./search-job.js";

/** What a job of kind "rank" gives. */
export interface RankResult {
  /** Those within the limits, best first. */
  readonly ranking: readonly Trial[];
  readonly best: Trial;
  readonly pareto: Pareto;
  /** Of this sitting. */
  readonly architecturesPerMinute: number;
}

/** The network of a run whose HyperNet is trained to the end, and the images it is scored on. */
export async function openTrained(job: SearchJob): Promise<ScoringSetup> {
  const { folder, config, dataset } = job;
  const data = prepareData(config, dataset);
  const scoring = prepareScoring(config, data);
  const { step, network } = (await openTraining(job, { data, scoring })).training;
  if (step === config.hypernetTraining.steps) return { network, data, scoring };
  throw new SmashError("usage", {
    rule: "Ranking needs a run whose HyperNet is trained to the end.",
    found: `${step} of ${config.hypernetTraining.steps} steps in ${folder.path}.`,
    fix: "run smash search with the same settings and --out to finish it.",
  });
}

/** What `smash rank` adds to a run. */
export interface RankRequest {
  /** Trials of each strategy beyond those the run has. */
  readonly more: SearchCounts;
  /** Beside the run's, which hold for all its trials. */
  readonly limits: Limits;
  /** How many of the best are fine-tuned. Default: the run's number. */
  readonly fineTune?: number | undefined;
  /** How many of the best are trained briefly in the end. Default: the run's number. */
  readonly finalists?: number | undefined;
}

export async function runRank(
  job: SearchJob,
  { more, limits: stricter, ...numbers }: RankRequest,
  context: JobContext,
): Promise<RankResult> {
  const { folder, config } = job;
  await claimData(folder, job.dataset);
  const { network, data, scoring } = await openTrained(job);
  const existing = readTrials(folder.trialsPath).length;
  const limits = tighten(config.ranking.limits, stricter);
  const { fineTune = config.ranking.fineTuning.best, finalists = config.ranking.finalists.count } = numbers;
  const before = await openTarget(folder, { more, limits, fineTune, finalists }, existing);
  // The strategies of trials that exist are not asked again; any will do in their places.
  const plan = [...Array<Strategy>(before).fill(randomSearch), ...planTrials(more)];
  context.emit({ type: "rank", done: before, more, limits: stricter, fineTune, finalists });
  const request = { network, data, scoring, plan, limits, fineTune, finalists };
  const { trials, seconds } = await rankMore(job, request, context);
  await closeTarget(folder);
  const { rankedBy } = config.ranking;
  const ranking = rankTrials(
    trials.filter((trial) => isWithin(limits, trial)),
    rankedBy,
  );
  if (ranking.length === 0) {
    throw new SmashError("usage", {
      rule: "A ranking needs networks of the run within the limits.",
      found: `none of ${trials.length} with ${describeLimits(limits) ?? "any limits"}.`,
      fix: "add some, with --samples 100, say, or raise the limits.",
    });
  }
  const scored = trials.length - existing;
  return {
    ranking,
    best: ranking[0],
    pareto: paretoFronts(ranking, rankedBy),
    architecturesPerMinute: seconds > 0 ? (60 * scored) / seconds : 0,
  };
}

/** Trials join the run, so a looser limit than the run's own would break it. */
function tighten(own: Limits, stricter: Limits): Limits {
  const limits = { ...own, ...stricter };
  if (isTighter(limits, own)) return limits;
  throw new SmashError("usage", {
    rule: "Ranking more keeps to the run's own limits; it may only tighten them.",
    found: `${JSON.stringify(stricter)} in a run with ${JSON.stringify(own)}.`,
    fix: "give smaller limits, or search anew with another --out.",
  });
}
