/** The work of `smash search`. */

import type { RunConfig, SearchChoice } from "../../../config/index.js";
import type { DatasetInfo } from "../../../data/index.js";
import { checkOutputFolder } from "../../../files.js";
import {
  formatEpochs,
  formatParetoLines,
  formatPercent,
  formatTrialTable,
  scoreNaming,
} from "../../../report/index.js";
import {
  requireLatency,
  requireSameData,
  startJob,
  writeReport,
  type SearchResult,
} from "../../../run/index.js";
import { describeLimits } from "../../../search/index.js";
import { RunFolder } from "../../../store/index.js";
import { dataDirOf } from "../../data-dir.js";
import type { ImageSizeFlag } from "../../image-size.js";
import type { CommandContext } from "../../run-command.js";
import {
  configure,
  currentVersions,
  jobOptions,
  jobPlace,
  openDataset,
  readChanges,
  requireUsableSize,
} from "../../run-session.js";
import { noteLeftOut } from "./note-left-out.js";

export interface SearchRequest extends ImageSizeFlag {
  readonly data: string;
  readonly preset: string;
  readonly configFile?: string | undefined;
  /** What to change of the preset's way to search. */
  readonly choose?: (dataset: DatasetInfo) => SearchChoice;
  readonly out: string;
}

export async function search(request: SearchRequest, context: CommandContext) {
  const { data, preset, configFile, choose, out, imageSize } = request;
  await checkOutputFolder(out);
  requireUsableSize(preset, imageSize);
  const changes = await readChanges(configFile);
  const folder = new RunFolder(out);
  const existing = await folder.readConfig();
  const dataset = await openDataset(data, context, imageSize ?? existing?.config.space.input.size);
  noteLeftOut(context.progress, dataset);
  // Before the settings are compared: that the images have changed says more than that there is another class.
  if (existing && existing.config.dataset === dataset.name) requireSameData(existing, dataset);
  const config = configure({ preset, dataset, changes, search: choose?.(dataset) }, context);
  if (!existing) await requireLatency(config);
  await folder.open(config, currentVersions());
  const result = await startJob(
    { kind: "search", run: folder.path, config, ...jobPlace(config, context) },
    jobOptions(context, folder),
  );
  const report = await writeReport(folder, dataDirOf(context));
  const json = { run: out, preset, dataset: data, ...result };
  return { json, text: describeSearch(result, { config, folder, report }), config, folder };
}

function describeSearch(
  { hypernet, ranking, pareto }: SearchResult,
  {
    config,
    folder,
    report,
  }: { readonly config: RunConfig; readonly folder: RunFolder; readonly report: string },
): string {
  const { rankedBy, fineTuning, limits } = config.ranking;
  // A small data set has fewer than it is asked for.
  const images = Math.min(config.ranking.images, config.validationImages);
  const within = describeLimits(limits);
  const finalists = ranking.flatMap(({ trained }) => trained ?? []);
  const rounds = [
    `${images} held-out images`,
    ...(fineTuning.best > 0 ? [`the first ${fineTuning.best} fine-tuned`] : []),
    ...(finalists.length > 0
      ? [`${finalists.length} finalists trained for ${formatEpochs(finalists[0].epochs)}`]
      : []),
  ].join("; ");
  return [
    `HyperNet: validation error ${formatPercent(hypernet.validationError)} with generated weights after ${hypernet.steps} steps`,
    "",
    `The best of ${ranking.length} architectures${within ? ` with ${within}` : ""}, by ${scoreNaming[rankedBy].measure} (${rounds}):`,
    formatTrialTable(ranking, { rankedBy }),
    "",
    ...formatParetoLines(pareto, rankedBy),
    "",
    `best architecture  ${folder.bestPath}`,
    `HyperNet           ${folder.checkpointPath("hypernet")}`,
    `report             ${report}`,
  ].join("\n");
}
