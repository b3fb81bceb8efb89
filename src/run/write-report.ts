/** From a run folder to report.html and figures/*.svg; at any time, finished or not. */

import type { RunConfig } from "../config/index.js";
import { describeIfThere } from "../data/index.js";
import { replaceFile } from "../files.js";
import { countLearned } from "../network/index.js";
import {
  renderFigures,
  renderReport,
  type ReportData,
  type RunStatus,
  type StepPoint,
} from "../report/index.js";
import { fitSurrogate, leastExamples, planTrials, type Trial } from "../search/index.js";
import { readTrials, type RunFolder } from "../store/index.js";
import type { LoggedEvent, TrainedEvent } from "./events.js";
import { phaseSeconds } from "./phase-seconds.js";
import { reproduceCommands } from "./reproduce.js";
import { listRanks } from "./reproduce-rank.js";
import { completeExamples, readExamples } from "./surrogate-examples.js";
import { readTestDetails } from "./test-details.js";
import { findTraining } from "./training-events.js";

/** Gathers a run's facts; what was told twice, before and after a kill, counts once. */
export async function readRun(folder: RunFolder, dataDir: string): Promise<ReportData> {
  const { config, versions } = await folder.requireConfig();
  // A run outlives its images, and is read on other machines: what they alone tell is then left out.
  const dataset = await describeIfThere(config.dataset, { dataDir, imageSize: config.space.input.size });
  const steps = new Map<number, StepPoint>();
  const validation = new Map<number, StepPoint>();
  const events = (await folder.readEvents()).filter(isEvent);
  for (const event of events) {
    if (event.type === "hypernet-step") steps.set(event.step, event);
    else if (event.type === "hypernet-validation") validation.set(event.step, event);
  }
  const learned = countLearned(config);
  const training = findTraining(events);
  const trained = training?.trained;
  const seconds = phaseSeconds(events.filter((event) => event.type !== "trained"));
  const trials = readTrials(folder.trialsPath);
  const { rankedBy, batchNorm, fineTuning, limits } = config.ranking;
  const test = await readTestDetails(folder.testPath);
  // Between a test and the line in the log that names it, the file is of another training than the log.
  const isOfTrained = test?.checkpoint === trained?.checkpoint && test?.testError === trained?.testError;
  return {
    run: folder.path,
    preset: config.preset,
    dataset: {
      name: config.dataset,
      // Numbers where their names are not known: the report counts them.
      classes: dataset?.classes ?? Array.from({ length: config.space.classes }, (_, label) => String(label)),
      trainImages: dataset && dataset.train.count - config.validationImages,
      validationImages: config.validationImages,
      scoringImages: Math.min(config.ranking.images, config.validationImages),
      testImages: dataset?.test.count,
    },
    seed: config.seed,
    createdWith: { ...versions, threads: config.threads, device: config.device, precision: config.precision },
    config,
    hypernet: {
      // Not the highest: after a kill, steps are done again.
      steps: events.findLast((event) => event.type === "hypernet-step")?.step ?? 0,
      plannedSteps: config.hypernetTraining.steps,
      parameters: learned.hypernet,
      freeParameters: learned.free,
      curve: [...steps.values()],
      validation: [...validation.values()],
      seconds: seconds.hypernet,
    },
    space: config.space.name,
    trials,
    rankedBy,
    batchNorm,
    fineTuning,
    surrogate: await readSurrogate(folder, config, seconds.surrogate),
    finalistSeconds: seconds.finalists,
    limits,
    isRanked: isRanked(trials, config),
    trained: trained && {
      ...trained,
      dataset: training.asked?.dataset ?? config.dataset,
      curve: training.curve,
      seconds: training.seconds,
    },
    inTraining: trained ? undefined : training?.asked?.architecture,
    test: isOfTrained ? test : undefined,
    status: statusOf({
      isSearched: trials.length > 0 || steps.size >= config.hypernetTraining.steps,
      isRanked: isRanked(trials, config),
      isTraining: training !== undefined,
      isTrained: trained !== undefined,
    }),
    reproduce: reproduceCommands({
      path: folder.path,
      config,
      dataset,
      trials,
      ranks: listRanks(events),
      trained: trained && { ...trained, asked: training.asked },
    }),
  };
}

/** Undefined while networks to learn from are still to be trained, and where too few of them are usable. */
async function readSurrogate(
  folder: RunFolder,
  config: RunConfig,
  seconds: number,
): Promise<ReportData["surrogate"]> {
  const { rankedBy, surrogate } = config.ranking;
  if (rankedBy !== "predicted") return undefined;
  const examples = completeExamples(await readExamples(folder, config), surrogate.networks) ?? [];
  if (examples.length < leastExamples) return undefined;
  const { checks } = await fitSurrogate(examples);
  return { seconds, checks };
}

/** The log is ours; a line that a damaged disk or another program left in it is passed over, as a torn one is. */
function isEvent(line: unknown): line is LoggedEvent | TrainedEvent {
  return typeof line === "object" && line !== null && typeof (line as { type?: unknown }).type === "string";
}

/** Whether the search has scored, fine-tuned and trained as many as it was asked to; `smash rank` may have added some. */
function isRanked(trials: readonly Trial[], { ranking }: RunConfig): boolean {
  const { counts, fineTuning, finalists } = ranking;
  const planned = planTrials(counts).length;
  const tuned = trials.filter(({ fineTuned }) => fineTuned).length;
  const trained = trials.filter((trial) => trial.trained).length;
  return (
    trials.length >= planned &&
    tuned >= Math.min(fineTuning.best, planned) &&
    trained >= Math.min(finalists.count, planned)
  );
}

function statusOf(reached: {
  readonly isSearched: boolean;
  readonly isRanked: boolean;
  readonly isTraining: boolean;
  readonly isTrained: boolean;
}): RunStatus {
  if (reached.isTrained) return "done";
  if (reached.isTraining) return "training-network";
  if (!reached.isSearched) return "training-hypernet";
  return reached.isRanked ? "ranked" : "ranking";
}

/** Writes the figures, then the page; gives the page's path. */
export async function writeReport(folder: RunFolder, dataDir: string): Promise<string> {
  const data = await readRun(folder, dataDir);
  const figures = await renderFigures(data);
  for (const { name, svg } of figures) await replaceFile(folder.figurePath(name), svg);
  await replaceFile(folder.reportPath, await renderReport(data, figures));
  return folder.reportPath;
}
