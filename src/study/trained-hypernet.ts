/** The HyperNets of a study: one of a finished run, or one that the study trains in a run folder of its own. */

import type { RunConfig } from "../config/index.js";
import type { Dataset } from "../data/index.js";
import {
  openTrained,
  openTraining,
  prepareData,
  prepareScoring,
  trainHyperNet,
  type ScoringSetup,
} from "../run/index.js";
import { RunFolder } from "../store/index.js";
import type { StudyContext } from "./events.js";
import type { StudyJob } from "./request.js";
import type { StudyFolder } from "./study-folder.js";

export async function trainedHyperNet(
  { request, versions }: StudyJob,
  {
    folder,
    dataset,
    name,
    config,
  }: {
    readonly folder: StudyFolder;
    readonly dataset: Dataset;
    /** Of the run folder inside the study. */
    readonly name: string;
    readonly config: RunConfig;
  },
  context: StudyContext,
): Promise<ScoringSetup> {
  if (request.run !== undefined) {
    return openTrained({ folder: new RunFolder(request.run), config, dataset });
  }
  const run = folder.run(name);
  await run.open(config, versions);
  const data = prepareData(config, dataset);
  const scoring = prepareScoring(config, data);
  const opened = await openTraining({ folder: run, config, dataset }, { data, scoring });
  await trainHyperNet({ folder: run, config, dataset }, opened, context);
  return { network: opened.training.network, data, scoring };
}
