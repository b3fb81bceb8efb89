/**
 * How scores are drawn: which trials fit on the axis, its title and labels.
 *
 * A single architecture with exploding weights would squash all others into one bin, so scores far out (Tukey: more
 * than three quartile ranges above the upper quartile) are left off the figures, counted and mentioned.
 */

import { rankScored, type ScoredTrial } from "../search/index.js";
import type { ReportData } from "./report-data.js";
import { scoreNaming } from "./score-naming.js";
import { shownNetwork, type ShownNetwork } from "./shown-network.js";

/** A trial as one row of a figure's data. */
export interface ScoredRow {
  readonly rank: number;
  readonly score: number;
  readonly parameters: number;
  readonly flops: number;
  readonly origin: string;
}

/** Fewer scores have no meaningful quartiles. */
const leastForLimit = 8;

/** What a mark is called beside it, and in a sentence after "the". */
interface MarkName {
  readonly label: string;
  readonly naming: string;
}

export interface ScoreAxis {
  readonly title: string;
  /** The same in two lines: a single one would take most of a figure's height, and press the figure down. */
  readonly verticalTitle: string[];
  /** Vega expression for a label. */
  readonly labelExpr: string;
  /** Trials on the axis, best first. */
  readonly rows: readonly ScoredRow[];
  /** The trial that the report is about, where it is on the axis. */
  readonly marked: (ScoredRow & MarkName) | undefined;
  /** A sentence about the trials left off the figure; empty when there are none. */
  readonly omitted: string;
}

/** `undefined` before two trials have a finite score. */
export function scoreAxis(data: ReportData): ScoreAxis | undefined {
  const { trials, rankedBy } = data;
  const scored = rankScored(trials, rankedBy);
  const ranked = scored.map((one, index) => row(one, index + 1));
  const finite = ranked.filter(({ score }) => Number.isFinite(score));
  if (finite.length < 2) return undefined;
  const limit = upperLimit(finite.map(({ score }) => score));
  const rows = finite.filter(({ score }) => score <= limit);
  const left = ranked.length - rows.length;
  const { title, labelExpr } = scoreNaming[rankedBy];
  const shown = shownNetwork(data);
  const place = scored.findIndex(({ trial }) => trial.id === shown?.trial?.id);
  const marked = rows.find((one) => one === ranked[place]);
  return {
    ...{ labelExpr, rows, title: `SMASH score: ${title}`, verticalTitle: ["SMASH score:", title] },
    marked: marked && { ...marked, ...nameMark(shown, data) },
    omitted:
      left === 0 ? "" : ` ${left} of ${ranked.length} scores lie far above the others and are not drawn.`,
  };
}

function nameMark(shown: ShownNetwork | undefined, { trained }: ReportData): MarkName {
  if (shown?.rank !== 1) {
    const label = trained === undefined ? "in training" : "trained";
    return { label, naming: `one ${label}` };
  }
  // A finalist that leads need not have the best score.
  return shown.trial?.trained
    ? { label: "leader", naming: "one that leads after the finalists' training" }
    : { label: "best", naming: "best" };
}

function row({ trial: { parameters, flops, origin }, score }: ScoredTrial, rank: number): ScoredRow {
  return { rank, score, parameters, flops, origin };
}

function upperLimit(ascending: readonly number[]): number {
  if (ascending.length < leastForLimit) return Infinity;
  const lower = ascending[Math.floor(0.25 * (ascending.length - 1))];
  const upper = ascending[Math.ceil(0.75 * (ascending.length - 1))];
  return upper > lower ? upper + 3 * (upper - lower) : Infinity;
}
