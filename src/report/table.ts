/** The best trials as a table for a terminal: at most 80 columns wide, whatever the terminal. */

import { rankTrials, type RankedBy, type Trial } from "../search/index.js";
import { formatCount, formatLoss, formatNaswot, missing } from "./format.js";
import { formatTextTable } from "./text-table.js";

/** What `formatTrialTable` shows. */
export interface TableOptions {
  /** Most rows shown. Default 10. */
  readonly limit?: number;
  /** Default "loss". */
  readonly rankedBy?: RankedBy;
}

/** No origin of ours is longer; a foreign one must not break the width. */
const longestOrigin = 12;

interface Column {
  readonly title: string;
  readonly cell: (trial: Trial, rank: number) => string;
}

/** As in a column whose title has the unit. */
const formatErrorPercent = (error: number) => (Number.isFinite(error) ? (100 * error).toFixed(2) : missing);

/** Numbers, in the order of the columns. */
const columns: readonly Column[] = [
  { title: "rank", cell: (_, rank) => String(rank) },
  {
    title: "error %",
    cell: ({ validationError }) => formatErrorPercent(validationError),
  },
  { title: "loss", cell: ({ validationLoss }) => formatLoss(validationLoss) },
  { title: "parameters", cell: ({ parameters }) => formatCount(parameters) },
  { title: "multiply-adds", cell: ({ flops }) => formatCount(flops) },
];
const tunedColumn: Column = {
  title: "tuned",
  cell: ({ fineTuned }) => (fineTuned ? formatLoss(fineTuned.validationLoss) : missing),
};
const trainedColumn: Column = {
  title: "trained %",
  cell: ({ trained }) => (trained ? formatErrorPercent(trained.validationError) : missing),
};
const naswotColumn: Column = { title: "NASWOT", cell: ({ naswot }) => formatNaswot(naswot) };
const predictedColumn: Column = {
  title: "pred. %",
  cell: ({ predictedError = NaN }) => formatErrorPercent(predictedError),
};
const originColumn: Column = { title: "origin", cell: ({ origin }) => origin.slice(0, longestOrigin) };

/** Rows ordered by score, best first, numbers to the right and the origin to the left. No line break at the end. */
export function formatTrialTable(trials: readonly Trial[], options: TableOptions = {}): string {
  const { limit = 10, rankedBy = "loss" } = options;
  // One of them at most, or a line would be too wide: what orders the first rows.
  const latest = trials.some(({ trained }) => trained)
    ? [trainedColumn]
    : trials.some(({ fineTuned }) => fineTuned)
      ? [tunedColumn]
      : [];
  const [rank, error, loss, ...costs] = columns;
  const shown = [
    ...[rank, error, loss],
    ...latest,
    ...costs,
    ...(rankedBy === "loss+naswot" ? [naswotColumn] : rankedBy === "predicted" ? [predictedColumn] : []),
    originColumn,
  ];
  const rows = rankTrials(trials, rankedBy)
    .slice(0, limit)
    .map((trial, index) => shown.map(({ cell }) => cell(trial, index + 1)));
  const sides = shown.map(({ title }, column) => ({
    title,
    align: column === shown.length - 1 ? ("left" as const) : ("right" as const),
  }));
  return formatTextTable(sides, rows);
}
