/** Runs a study to its end: measurements, statistics, figures, the document. */

import { heldOutFor } from "../config/index.js";
import { loadDataset, type Dataset } from "../data/index.js";
import { replaceFile } from "../files.js";
import { drawFigure } from "../report/index.js";
import { prepareData, prepareEvaluation } from "../run/index.js";
import { takesNaswot } from "../search/index.js";
import { seedCeiling } from "../statistics/index.js";
import { withFolderLock } from "../store/index.js";
import { openBench, type Bench } from "./bench.js";
import { measureCorruption } from "./corruption.js";
import type { ComparisonDocument } from "./document.js";
import type { StudyContext } from "./events.js";
import { planPredictors, planScatter } from "./figures.js";
import type { StudyJob } from "./request.js";
import type { StudyResult } from "./result.js";
import { runGradient } from "./run-gradient.js";
import { predictVariant, scoreBaselines, scoreMeasure, scoreVariant } from "./score-variants.js";
import { summarizeComparison, summarizeHyperNets } from "./summarize.js";
import { trainedHyperNet } from "./trained-hypernet.js";
import type { TrainingData } from "./train-normally.js";
import { findTruths } from "./truths.js";
import { planCapacity, planCorruption } from "./variant-figures.js";
import { hypernetOf, judgedBy, listVariants, type Variant } from "./variants.js";

/** Throws `SmashError("usage")` where another process works on the study. */
export function runStudy(job: StudyJob, context: StudyContext): Promise<StudyResult> {
  return withFolderLock({ path: job.out, holds: "study" }, () => continueStudy(job, context));
}

async function continueStudy(job: StudyJob, context: StudyContext): Promise<StudyResult> {
  const { request } = job;
  // Refuses what cannot be studied, before anything is written.
  const variants = listVariants(request);
  const bench = await openBench(job);
  if (request.study === "gradient") return runGradient(job, bench, context);
  const { folder, dataset, architectures, table } = bench;
  for (const [index, variant] of variants.entries()) {
    const place = { folder, dataset, name: hypernetOf(variant), config: variant.config };
    const trained = await trainedHyperNet(job, place, context);
    await scoreVariant(bench, { trained, variant, fineTuned: request.fineTuned }, context);
    if (index === 0) await scoreBaselines(request, { bench, trained }, context);
    if (judgedBy(request) === "predicted") await predictVariant(job, { bench, trained, variant }, context);
  }
  const data = () => trainingData(job, dataset);
  const { errors, ...limits } = await findTruths({ request, architectures, data }, table, context);
  const document = summarizeComparison({ request, variants }, bench, errors);
  const result = { ...document, ...describeVariants(job, bench, variants), ...limits };
  const figures = await Promise.all(planFigures(job, result).map((plan) => drawFigure(plan)));
  for (const { name, svg } of figures) await replaceFile(folder.figurePath(name), svg);
  const complete = { ...result, figures: figures.map(({ name }) => folder.figurePath(name)) };
  await folder.writeResult(complete);
  return complete;
}

/** What is said of the HyperNets, besides how their scores agree with the truth. */
function describeVariants({ request }: StudyJob, bench: Bench, variants: readonly Variant[]) {
  const { table, architectures } = bench;
  const columns = (measure: "loss" | "seconds", of: readonly Variant[]) =>
    of.map((variant) => table.column(scoreMeasure(variant, measure), architectures.length));
  const naswot = takesNaswot(judgedBy(request));
  const seconds = [
    ...columns("seconds", variants)[0],
    ...(naswot ? table.column("naswot.seconds", architectures.length) : []),
  ];
  const corruption =
    request.study === "corrupt" ? measureCorruption(bench, variants, request.config.seed) : null;
  const ofSeveral = new Set(variants.map(hypernetOf)).size > 1;
  return {
    architecturesPerMinute: (60 * architectures.length) / seconds.reduce((sum, value) => sum + value, 0),
    rightIsBetter: corruption?.find(({ name }) => name === "corrupted")?.rightIsBetter.mean ?? null,
    corruption,
    hypernets: summarizeHyperNets(variants, bench),
    betweenHyperNets: ofSeveral ? seedCeiling(columns("loss", variants)) : null,
    moves: null,
  };
}

function planFigures(
  { request }: StudyJob,
  result: ComparisonDocument & Pick<StudyResult, "corruption" | "hypernets">,
) {
  return [
    planScatter(result),
    planPredictors(result),
    ...(request.study === "capacity" ? [planCapacity(result, result.hypernets, judgedBy(request))] : []),
    ...(result.corruption ? [planCorruption(result.corruption)] : []),
  ];
}

async function trainingData(
  { request: { config, transferTo }, dataDir }: StudyJob,
  own: Dataset,
): Promise<TrainingData> {
  const place = { dataDir, imageSize: config.space.input.size };
  const dataset = transferTo === undefined ? own : await loadDataset(transferTo, place);
  const validationImages = heldOutFor(config, dataset);
  const { train, test } = prepareData({ ...config, validationImages }, dataset);
  const { channels, size, classes } = dataset;
  const shape = { input: { channels, size }, classes: classes.length };
  return { shape, train, test: prepareEvaluation(test) };
}
