/** The best trials as a table for a terminal: at most 80 columns wide, whatever the terminal. */

import type { Trial } from "../search/index.js";
import { formatCount, formatLoss, missing } from "./format.js";
import { rankTrials } from "../search/index.js";
import type { RankedBy } from "../search/index.js";

/** What `formatTrialTable` shows. */
export interface TableOptions {
  /** Most rows shown. Default 10. */
  readonly limit?: number;
  /** Default "loss". */
  readonly rankedBy?: RankedBy;
}

/** No origin of ours is longer; a foreign one must not break the width. */
const longestOrigin = 16;

const header = ["rank", "SMASH error %", "loss", "parameters", "multiply-adds", "origin"] as const;

/** Rows ordered by score, best first, numbers to the right and the origin to the left. No line break at the end. */
export function formatTrialTable(trials: readonly Trial[], options: TableOptions = {}): string {
  const { limit = 10, rankedBy = "loss" } = options;
  const rows = rankTrials(trials, rankedBy)
    .slice(0, limit)
    .map((trial, index) => cells(trial, index + 1));
  const lines = [header, ...rows];
  const widths = header.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const last = header.length - 1;
  return lines
    .map((line) =>
      line.map((cell, column) => (column === last ? cell : cell.padStart(widths[column]))).join("  "),
    )
    .join("\n");
}

function cells(trial: Trial, rank: number): readonly string[] {
  return [
    String(rank),
    Number.isFinite(trial.validationError) ? (100 * trial.validationError).toFixed(2) : missing,
    formatLoss(trial.validationLoss),
    formatCount(trial.parameters),
    formatCount(trial.flops),
    trial.origin.slice(0, longestOrigin),
  ];
}
