/** What the measurements of a study work on. */

import type { Architecture } from "../arch/index.js";
import { loadDataset, type Dataset } from "../data/index.js";
import { MeasurementTable } from "./measure.js";
import type { StudyJob } from "./request.js";
import { StudyFolder } from "./study-folder.js";
import { studyArchitectures } from "./truths.js";

export interface Bench {
  readonly folder: StudyFolder;
  readonly table: MeasurementTable;
  readonly dataset: Dataset;
  readonly architectures: readonly Architecture[];
}

/** Starts a study, or joins the one that is in its folder. */
export async function openBench({ request, out, versions, dataDir }: StudyJob): Promise<Bench> {
  const folder = new StudyFolder(out);
  await folder.open(request, versions);
  const { dataset: name, space } = request.config;
  return {
    folder,
    dataset: await loadDataset(name, { dataDir, imageSize: space.input.size }),
    architectures: studyArchitectures(request),
    table: await MeasurementTable.open(folder),
  };
}
