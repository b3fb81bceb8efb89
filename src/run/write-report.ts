/** From a run folder to report.html and figures/*.svg; at any time, finished or not. */

import type { RunConfig } from "../config/index.js";
import { loadDataset } from "../data/index.js";
import { replaceFile } from "../files.js";
import {
  renderFigures,
  renderReport,
  type EpochPoint,
  type ReportData,
  type RunStatus,
  type StepPoint,
} from "../report/index.js";
import { rankTrials } from "../search/index.js";
import { hasCheckpoint, TrialStore, type RunFolder } from "../store/index.js";
import { scope } from "../tensor/index.js";
import type { RunEvent } from "./events.js";
import { createSearchNetwork } from "./prepare.js";
import type { TrainResult } from "./train-job.js";

/** Gathers a run's facts; what was told twice, before and after a kill, counts once. */
export async function readRun(folder: RunFolder, dataDir: string): Promise<ReportData> {
  const { config, versions } = await folder.requireConfig();
  const dataset = await loadDataset(config.dataset, { dataDir });
  const steps = new Map<number, StepPoint>();
  const validation = new Map<number, StepPoint>();
  const epochs = new Map<number, EpochPoint>();
  const seconds = { hypernet: 0, ranking: 0, network: 0 };
  let trained: TrainResult | undefined;
  for (const event of (await folder.readEvents()) as (RunEvent | ({ type: "trained" } & TrainResult))[]) {
    if (event.type === "hypernet-step") steps.set(event.step, event);
    else if (event.type === "hypernet-validation") validation.set(event.step, event);
    else if (event.type === "network-epoch") epochs.set(event.epoch, event);
    else if (event.type === "phase-done") seconds[event.phase] += event.seconds;
    else if (event.type === "trained") trained = event;
  }
  const trials = await readTrials(folder);
  const { rankedBy, batchNorm } = config.ranking;
  return {
    run: folder.path,
    preset: config.preset,
    dataset: {
      name: dataset.name,
      classes: dataset.classes,
      trainImages: dataset.train.count - config.validationImages,
      validationImages: config.validationImages,
      scoringImages: Math.min(config.ranking.images, config.validationImages),
      testImages: dataset.test.count,
    },
    seed: config.seed,
    createdWith: { ...versions, threads: config.threads, device: config.device, precision: config.precision },
    config,
    hypernet: {
      steps: config.hypernetTraining.steps,
      parameters: countHyperNetParameters(config),
      curve: [...steps.values()],
      validation: [...validation.values()],
      seconds: seconds.hypernet,
    },
    trials,
    rankedBy,
    batchNorm,
    best: rankTrials(trials, rankedBy).at(0),
    trained: trained && { ...trained, curve: [...epochs.values()], seconds: seconds.network },
    status: statusOf({
      isSearched: trials.length > 0 || steps.size >= config.hypernetTraining.steps,
      isTraining: trials.length > 0 && epochs.size > 0,
      isTrained: trained !== undefined,
    }),
    reproduce: [
      `npx smash search --data ${config.dataset} --preset ${config.preset} --seed ${config.seed} --threads ${config.threads} --out ${folder.path}`,
      `npx smash train --data ${config.dataset} --run ${folder.path}`,
    ],
  };
}

function statusOf(reached: {
  readonly isSearched: boolean;
  readonly isTraining: boolean;
  readonly isTrained: boolean;
}): RunStatus {
  if (reached.isTrained) return "done";
  if (reached.isTraining) return "training-best";
  return reached.isSearched ? "ranking" : "training-hypernet";
}

/** Of the HyperNet and the freely learned weights. */
function countHyperNetParameters(config: RunConfig): number {
  return scope(() => {
    const tensors = createSearchNetwork({ ...config, device: "cpu" })
      .parameters()
      .values();
    return [...tensors].reduce((sum, tensor) => sum + tensor.size, 0);
  });
}

/** Writes the figures, then the page; gives the page's path. */
export async function writeReport(folder: RunFolder, dataDir: string): Promise<string> {
  const data = await readRun(folder, dataDir);
  const figures = await renderFigures(data);
  for (const { name, svg } of figures) await replaceFile(folder.figurePath(name), svg);
  await replaceFile(folder.reportPath, await renderReport(data, figures));
  return folder.reportPath;
}

async function readTrials(folder: RunFolder) {
  if (!(await hasCheckpoint(folder.trialsPath))) return [];
  const store = new TrialStore(folder.trialsPath);
  try {
    return store.list();
  } finally {
    store.close();
  }
}
