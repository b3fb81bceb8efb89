/** The work of `smash study`. */

import { readFile } from "node:fs/promises";
import type { RunConfig } from "../../../config/index.js";
import { SmashError } from "../../../errors.js";
import { nearestName } from "../../../nearest.js";
import { findProxy, type ProxyName } from "../../../rank/index.js";
import { formatPercent } from "../../../report/index.js";
import type { Agreement } from "../../../statistics/index.js";
import { RunFolder } from "../../../store/index.js";
import {
  parseTable,
  startStudy,
  studyNames,
  type StudyName,
  type StudyRequest,
  type Combined,
  type StudyResult,
} from "../../../study/index.js";
import { describeMoves } from "../../describe-moves.js";
import type { CommandContext } from "../../run-command.js";
import { configure, currentVersions, dataDirOf, openDataset } from "../../run-session.js";
import { showStudy } from "../../show-study.js";
import { formatTextTable } from "../../text-table.js";
import type { StudyFlags } from "../study.js";

export async function study(name: string, flags: StudyFlags, context: CommandContext) {
  const request = await readRequest(findStudy(name), flags, context);
  const { config } = request;
  const { size } = config.space.input;
  await openDataset(config.dataset, context, size);
  if (flags.to !== undefined) await openDataset(flags.to, context, size);
  const result = await startStudy(
    {
      request,
      out: flags.out ?? `runs/study-${name}`,
      versions: currentVersions(),
      dataDir: dataDirOf(context),
      threads: config.threads,
    },
    { signal: context.signal, onEvent: showStudy(context.progress) },
  );
  return { json: result, text: describe(result) };
}

function findStudy(name: string): StudyName {
  const known = studyNames.find((candidate) => candidate === name);
  if (known) return known;
  const nearest = nearestName(name, studyNames);
  throw new SmashError("usage", {
    rule: "The study must be a known one.",
    found: `"${name}".`,
    fix: `${nearest ? `did you mean "${nearest}"? Otherwise ` : ""}use one of ${studyNames.join(", ")}.`,
  });
}

async function readRequest(
  study: StudyName,
  flags: StudyFlags,
  context: CommandContext,
): Promise<StudyRequest> {
  const { run, samples, seeds, proxies = "" } = flags;
  if (study === "nas-bench-201" && flags.table === undefined) {
    throw new SmashError("usage", {
      rule: "The study nas-bench-201 compares scores with known accuracies.",
      found: "no --table.",
      fix: "give --table FILE, a CSV with the columns architecture and test_accuracy_percent.",
    });
  }
  if ((study === "transfer") !== (flags.to !== undefined)) {
    throw new SmashError("usage", {
      rule: "The study transfer, and no other, trains networks on another data set (--to).",
      found: flags.to === undefined ? "no --to." : `--to ${flags.to}.`,
      fix: "smash study transfer --run RUN --to DATA.",
    });
  }
  if (study !== "gradient" && (flags.moves ?? flags.candidates) !== undefined) {
    throw new SmashError("usage", {
      rule: "The study gradient, and no other, makes moves (--moves, --candidates).",
      found: `the study ${study}.`,
      fix: "leave them out, or use smash study gradient.",
    });
  }
  const names = proxies.split(",").filter((proxy) => proxy !== "");
  return {
    study,
    config: change(await readConfig(flags, context), flags),
    ...(run !== undefined && { run }),
    ...(flags.table !== undefined && { table: await readTable(flags.table, flags.limit) }),
    ...(flags.to !== undefined && { transferTo: flags.to }),
    ...(study === "gradient" && { moves: flags.moves ?? 3, candidates: flags.candidates ?? 16 }),
    samples,
    seeds,
    proxies: names.map((proxy): ProxyName => findProxy(proxy).name),
  };
}

async function readConfig(flags: StudyFlags, context: CommandContext): Promise<RunConfig> {
  if (flags.run !== undefined) return (await new RunFolder(flags.run).requireConfig()).config;
  const dataset = await openDataset(flags.data, context, flags.imageSize);
  return configure({ preset: flags.preset, dataset, configFile: flags.config }, context);
}

function change(config: RunConfig, { images, batchNorm, epochs }: StudyFlags): RunConfig {
  const { ranking, networkTraining } = config;
  return {
    ...config,
    ranking: {
      ...ranking,
      images: images ?? ranking.images,
      batchNorm: batchNorm ?? ranking.batchNorm,
    },
    networkTraining: { ...networkTraining, epochs: epochs ?? networkTraining.epochs },
  };
}

async function readTable(path: string, limit: number | undefined) {
  try {
    return parseTable(await readFile(path, "utf8"), limit);
  } catch (cause) {
    if (cause instanceof SmashError) throw cause;
    throw new SmashError("usage", {
      rule: `${path} must be a readable CSV file.`,
      found: `${String(cause)}.`,
      fix: "correct the path.",
      cause,
    });
  }
}

const columns = [
  { title: "predictor" },
  { title: "Spearman", align: "right" },
  { title: "95 %", align: "right" },
  { title: "Kendall", align: "right" },
  { title: "without size", align: "right" },
  { title: "better half", align: "right" },
  { title: "95 %", align: "right" },
  { title: "rank of its best", align: "right" },
] as const;

function describe(result: StudyResult): string {
  const { study, n, by, baselines, combined, seedCeiling, rightIsBetter, moves } = result;
  const drawn = result.figures.map((figure) => `figure  ${figure}`);
  if (moves !== null) return [...describeMoves(moves, result), ...drawn].join("\n");
  const mixed: [string, Agreement][] = combined
    ? [
        ["all baselines", combined.baselines],
        ["with the score", combined.withScore],
      ]
    : [];
  const rows = [...Object.entries(by), ...Object.entries(baselines), ...mixed].map(([name, agreement]) => [
    name,
    ...describeAgreement(agreement),
  ]);
  return [
    `${study}: ${n} architectures, ${result.architecturesPerMinute.toFixed(1)} scored a minute`,
    "",
    formatTextTable(columns, rows),
    "",
    ...(combined ? [describeGain(combined)] : []),
    ...(seedCeiling === null ? [] : [`between training seeds  ${seedCeiling.toFixed(2)}`]),
    ...(rightIsBetter === null
      ? []
      : [`lower loss with the right encoding: ${formatPercent(rightIsBetter, 0)} of the architectures`]),
    ...drawn,
  ].join("\n");
}

function describeGain({ gain }: Combined): string {
  const { spearman, topHalfSpearman, interval95 } = gain;
  return (
    `what the score adds to all baselines: Spearman ${signed(spearman)} (${interval(interval95.spearman)}), ` +
    `better half ${signed(topHalfSpearman)} (${interval(interval95.topHalfSpearman)})`
  );
}

const signed = (value: number) => (value > 0 ? `+${round(value)}` : round(value));
const interval = ([low, high]: readonly [number, number]) => `${round(low)} … ${round(high)}`;

function describeAgreement(agreement: Agreement): string[] {
  const { spearman, kendall, partialSpearman, topHalf, interval95, firstChoice } = agreement;
  return [
    round(spearman),
    interval(interval95.spearman),
    round(kendall),
    round(partialSpearman ?? NaN),
    round(topHalf.spearman),
    interval(interval95.topHalfSpearman),
    `${firstChoice.rank} (${formatPercent(firstChoice.truth)})`,
  ];
}

const round = (value: number) => (Number.isFinite(value) ? value.toFixed(2) : "–");
