/** What the measurements of a study work on. */

import type { Architecture } from "../arch/index.js";
import { loadDataset, type Dataset } from "../data/index.js";
import { requireSameData } from "../run/index.js";
import { RunFolder } from "../store/index.js";
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

/** Starts a study, or joins the one that is in its folder; on other images than it, or its run, began with it does not. */
export async function openBench({ request, out, versions, dataDir }: StudyJob): Promise<Bench> {
  const folder = new StudyFolder(out);
  const { dataset: name, space } = request.config;
  const dataset = await loadDataset(name, { dataDir, imageSize: space.input.size });
  if (request.run !== undefined) requireSameData(await new RunFolder(request.run).requireConfig(), dataset);
  const saved = await folder.readRequest();
  // What cannot be studied is refused before the folder says that it has begun.
  const architectures = studyArchitectures(request);
  // Of another data set says `open`, as of every other setting.
  if (saved?.config.dataset === name) requireSameData(saved, dataset);
  await folder.open(request, { ...versions, images: dataset.folder?.md5 });
  return {
    folder,
    dataset,
    architectures,
    table: await MeasurementTable.open(folder),
  };
}
