/** Figures: score against parameters and against multiply-adds. They show what the score says beyond size. */

import type { FigurePlan } from "./draw-figure.js";
import { colors, encodeOrigins, originScale } from "./figure-theme.js";
import type { ReportData } from "./report-data.js";
import { paretoFront } from "../search/index.js";
import { scoreAxis } from "./score-axis.js";

export function planScoreAgainstParameters(data: ReportData): FigurePlan | undefined {
  return planScoreAgainst(data, {
    field: "parameters",
    name: "score-parameters",
    title: "Score against parameters",
    noun: "parameters",
  });
}

export function planScoreAgainstFlops(data: ReportData): FigurePlan | undefined {
  return planScoreAgainst(data, {
    field: "flops",
    name: "score-multiply-adds",
    title: "Score against multiply-adds",
    noun: "multiply-adds for one image",
  });
}

interface CostOptions {
  readonly field: "parameters" | "flops";
  readonly name: string;
  readonly title: string;
  readonly noun: string;
}

const logScale = { type: "log" } as const;
const linearScale = { type: "linear", zero: false } as const;

function planScoreAgainst(data: ReportData, options: CostOptions): FigurePlan | undefined {
  const { field, name, title, noun } = options;
  const axis = scoreAxis(data);
  if (axis === undefined) return undefined;
  // A logarithmic axis has no place for zero.
  const rows = axis.rows
    .filter((row) => row[field] > 0)
    .map((row) => ({ score: row.score, cost: row[field], origin: row.origin }));
  if (rows.length < 2) return undefined;
  const { marked } = axis;
  const markers =
    marked && marked[field] > 0 ? [{ score: marked.score, cost: marked[field], label: marked.label }] : [];
  const front = paretoFront(rows, (row) => row);
  const origins = originScale(rows.map(({ origin }) => origin));
  const ticks = logTicks(rows.map(({ cost }) => cost));
  const x = {
    field: "cost",
    type: "quantitative",
    title: ticks ? `${noun} (logarithmic)` : noun,
    // Vega has a word to say about `zero` beside a logarithmic scale.
    scale: { ...(ticks ? logScale : linearScale), nice: false, padding: 10 },
    axis: { format: "~s", ...(ticks ? { values: ticks } : { tickCount: 6 }) },
  } as const;
  const y = {
    field: "score",
    type: "quantitative",
    title: axis.verticalTitle,
    // Room below the lowest for its label.
    scale: { zero: false, nice: false, padding: 26 },
    axis: { labelExpr: axis.labelExpr, tickCount: 6 },
  } as const;
  return {
    name,
    title,
    caption:
      `One point for each architecture; lower is better. ` +
      `Where the points spread vertically, the score judges more than size; a thin line would mean that ` +
      `counting ${field === "flops" ? "multiply-adds" : "parameters"} does as well. The line is the Pareto front: ` +
      `the best score to be had up to each size.${axis.omitted}`,
    spec: {
      data: { values: rows },
      layer: [
        {
          data: { values: [...front] },
          mark: { type: "line", interpolate: "step-after", color: colors.muted, strokeWidth: 1.25 },
          encoding: { x, y },
        },
        {
          mark: { type: "point" },
          encoding: {
            x,
            y,
            ...encodeOrigins(origins),
          },
        },
        {
          data: { values: markers },
          mark: { type: "point", filled: false, opacity: 1, size: 150, strokeWidth: 2, stroke: colors.ink },
          encoding: { x, y },
        },
        {
          data: { values: markers },
          mark: { type: "text", baseline: "top", dy: 10, color: colors.ink, fontWeight: 600 },
          encoding: { x, y, text: { field: "label" } },
        },
      ],
    },
  };
}

/** Multiples of powers of ten, the coarser first. None are so close to each other that labels would overlap. */
const tickSteps = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7]] as const;

/**
 * Round numbers in the range of the values; Vega's own choice labels too few or overlapping ones. Undefined where the
 * range holds less than three: values so close together need no logarithm.
 */
function logTicks(values: readonly number[]): number[] | undefined {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const powers: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(low)); power <= high; power *= 10) powers.push(power);
  return tickSteps
    .map((steps) =>
      powers
        .flatMap((power) => steps.map((step) => step * power))
        .filter((tick) => tick >= low && tick <= high),
    )
    .find((ticks) => ticks.length >= 3);
}
