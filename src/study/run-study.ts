/** Runs a study to its end: measurements, statistics, figures, the document. */

import { cellName, corruptArchitecture, countCost, type Architecture } from "../arch/index.js";
import { loadDataset, type Dataset } from "../data/index.js";
import { replaceFile } from "../files.js";
import { Random } from "../random.js";
import { findProxy } from "../rank/index.js";
import { computeType, prepareData, prepareEvaluation } from "../run/index.js";
import { evaluateGenerated, loadBatches } from "../train/index.js";
import { compare, type ComparisonDocument, type Predictor } from "./document.js";
import type { StudyContext } from "./events.js";
import { drawComparison } from "./figures.js";
import { MeasurementTable } from "./measure.js";
import type { StudyJob } from "./request.js";
import { StudyFolder } from "./study-folder.js";
import { trainedHyperNet, type TrainedHyperNet } from "./trained-hypernet.js";
import type { TrainingData } from "./train-normally.js";
import { findTruths, studyArchitectures } from "./truths.js";
import { hypernetOf, listVariants, type Variant } from "./variants.js";

/** A study's document, as `smash study --json` prints it. */
export interface StudyResult extends ComparisonDocument {
  /** Scored with generated weights, by one HyperNet. */
  readonly architecturesPerMinute: number;
  /** Mean Spearman between seeds of normal training; null where truths have one seed only. */
  readonly seedCeiling: number | null;
  /** Share of the architectures whose loss is lower with the right encoding; null but in the study of corrupted ones. */
  readonly rightIsBetter: number | null;
  /** SVG files. */
  readonly figures: readonly string[];
}

/** Images of the batch that NASWOT looks at, as in its paper. */
const proxyImages = 128;

interface Bench {
  readonly folder: StudyFolder;
  readonly table: MeasurementTable;
  readonly dataset: Dataset;
  readonly architectures: readonly Architecture[];
}

export async function runStudy(job: StudyJob, context: StudyContext): Promise<StudyResult> {
  const { request } = job;
  const folder = new StudyFolder(job.out);
  await folder.open(request, job.versions);
  const dataset = await loadDataset(request.config.dataset, {
    dataDir: job.dataDir,
    imageSize: request.config.space.input.size,
  });
  const architectures = studyArchitectures(request);
  const bench = { folder, dataset, architectures, table: await MeasurementTable.open(folder) };
  const variants = listVariants(request);
  for (const [index, variant] of variants.entries()) {
    const place = { folder, dataset, name: hypernetOf(variant), config: variant.config };
    const trained = await trainedHyperNet(job, place, context);
    await scoreAll(bench, { trained, variant }, context);
    if (index === 0) await scoreProxies(job, { bench, trained }, context);
  }
  const data = () => trainingData(job, dataset);
  const truths = await findTruths({ request, architectures, data }, bench.table, context);
  const document = summarize(job, bench, { variants, truths: truths.errors });
  const drawn = await drawComparison(document);
  for (const { name, svg } of drawn) await replaceFile(folder.figurePath(name), svg);
  const seconds = bench.table.column(`${variants[0].name}.seconds`, architectures.length);
  const result: StudyResult = {
    ...document,
    architecturesPerMinute: (60 * seconds.length) / seconds.reduce((sum, value) => sum + value, 0),
    seedCeiling: truths.ceiling,
    rightIsBetter: request.study === "corrupt" ? rightIsBetter(bench) : null,
    figures: drawn.map(({ name }) => folder.figurePath(name)),
  };
  await folder.writeResult(result);
  return result;
}

async function trainingData(
  { request: { config, transferTo }, dataDir }: StudyJob,
  own: Dataset,
): Promise<TrainingData> {
  const place = { dataDir, imageSize: config.space.input.size };
  const dataset = transferTo === undefined ? own : await loadDataset(transferTo, place);
  const { train, test } = prepareData(config, dataset);
  const { channels, size, classes } = dataset;
  const shape = { input: { channels, size }, classes: classes.length };
  return { shape, train, test: prepareEvaluation(test) };
}

/** Loss and error of every architecture with generated weights. */
async function scoreAll(
  { table, architectures }: Bench,
  { trained, variant }: { readonly trained: TrainedHyperNet; readonly variant: Variant },
  context: StudyContext,
): Promise<void> {
  const { name, config, isCorrupted = false } = variant;
  const { batchNorm } = config.ranking;
  const options = { batchNorm, computeType: computeType(config) };
  await table.measure(
    architectures,
    {
      label: `scoring (${name})`,
      names: [`${name}.loss`, `${name}.error`, `${name}.seconds`],
      run: (architecture, item) => {
        const start = context.now();
        const random = Random.stream(config.seed, "corrupt", item);
        const describedAs = isCorrupted ? corruptArchitecture(architecture, config.space, random) : undefined;
        const { loss, error } = evaluateGenerated(trained.network, architecture, trained.scoring, {
          ...options,
          describedAs,
        });
        const seconds = (context.now() - start) / 1000;
        return { [`${name}.loss`]: loss, [`${name}.error`]: error, [`${name}.seconds`]: seconds };
      },
    },
    context,
  );
}

async function scoreProxies(
  { request }: StudyJob,
  { bench, trained }: { readonly bench: Bench; readonly trained: TrainedHyperNet },
  context: StudyContext,
): Promise<void> {
  const { config } = request;
  const data = {
    train: trained.data.train,
    batch: loadBatches(trained.data.train, proxyImages, { count: proxyImages })[0],
    validation: trained.scoring.validation,
    networkTraining: config.networkTraining,
    seed: config.seed,
    computeType: computeType(config),
  };
  for (const name of request.proxies) {
    const proxy = findProxy(name);
    await bench.table.measure(
      bench.architectures,
      { label: name, names: [name], run: (architecture) => ({ [name]: proxy.score(architecture, data) }) },
      context,
    );
  }
}

function rightIsBetter({ table, architectures }: Bench): number {
  const [right, corrupted] = ["right.loss", "corrupted.loss"].map((name) =>
    table.column(name, architectures.length),
  );
  return right.filter((loss, item) => loss < corrupted[item]).length / right.length;
}

function summarize(
  { request }: StudyJob,
  { table, architectures }: Bench,
  { variants, truths }: { readonly variants: readonly Variant[]; readonly truths: readonly number[] },
): ComparisonDocument {
  const count = architectures.length;
  const column = (name: string, measure = name): Predictor => ({
    name,
    values: table.column(measure, count),
  });
  const { rankedBy } = request.config.ranking;
  const other = rankedBy === "loss" ? "error" : "loss";
  const isAlone = variants.length === 1;
  return compare({
    study: request.study,
    names: architectures.map(describe),
    truths,
    predictors: variants.flatMap(({ name }) =>
      [rankedBy, other].map((by) => column(isAlone ? by : `${name} ${by}`, `${name}.${by}`)),
    ),
    baselines: request.proxies.map((name) => column(name)),
    parameters: architectures.map((architecture) => countCost(architecture).parameters),
    seed: request.config.seed,
  });
}

function describe(architecture: Architecture, item: number): string {
  return architecture.space === "nas-bench-201" ? cellName(architecture) : `sample ${item}`;
}
