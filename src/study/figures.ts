/** Figures of a study: score against true error, and how the predictors compare. */

import { figureColors as colors, figureSize, formatDecimal, type FigurePlan } from "../report/index.js";
import { betterHalf, type Agreement } from "../statistics/index.js";
import type { ComparisonDocument } from "./document.js";

/** Vega expression: a fraction as percent. */
const percent = "format(100 * datum.value, '~g')";

/** Colours of correlations over all architectures and in the better half. */
export const overColor = {
  field: "over",
  type: "nominal",
  scale: { domain: ["all", "better half"], range: [colors.blue, colors.orange] },
} as const;

/** Both correlations of a predictor with their intervals; those that are not defined are left out. */
export function correlationRows({ spearman, topHalf, interval95 }: Agreement) {
  return [
    { over: "all", value: spearman, interval: interval95.spearman },
    { over: "better half", value: topHalf.spearman, interval: interval95.topHalfSpearman },
  ]
    .filter(({ value }) => Number.isFinite(value))
    .map(({ interval: [low, high], ...row }) => ({ ...row, low, high }));
}

export function planScatter({ study, scores, truths, spearman, topHalf }: ComparisonDocument): FigurePlan {
  const half = new Set(betterHalf(truths));
  const values = scores
    .map((score, item) => ({
      score,
      truth: truths[item],
      half: half.has(item) ? "better half" : "other half",
    }))
    // A logarithmic axis has no place for zero.
    .filter(({ score, truth }) => Number.isFinite(score) && truth > 0);
  return {
    name: "score-truth",
    title: "Score against true error",
    caption:
      `One point for each of ${truths.length} architectures (${study}). Spearman ${format(spearman)} over all, ` +
      `${format(topHalf.spearman)} in the better half. A useful score rises with the true error.`,
    spec: {
      data: { values },
      mark: { type: "point" },
      encoding: {
        x: {
          field: "score",
          type: "quantitative",
          title: "score (lower is better)",
          scale: { zero: false, nice: false, padding: 8 },
        },
        y: {
          field: "truth",
          type: "quantitative",
          title: "error after training, %",
          // Errors of cells that cannot learn would squash all others together.
          scale: { type: "log", nice: false, padding: 8 },
          axis: { labelExpr: percent, tickCount: 6 },
        },
        color: {
          field: "half",
          type: "nominal",
          scale: { domain: ["better half", "other half"], range: [colors.blue, colors.orange] },
        },
      },
    },
  };
}

export function planPredictors({ by, baselines, combined, n }: ComparisonDocument): FigurePlan {
  const all = [...Object.entries(by), ...Object.entries(baselines)];
  if (combined) all.push(["all baselines", combined.baselines], ["with the score", combined.withScore]);
  const values = all.flatMap(([name, agreement]) =>
    correlationRows(agreement).map((row) => ({ name, ...row })),
  );
  const y = { field: "name", type: "nominal", title: null, sort: all.map(([name]) => name) } as const;
  const yOffset = { field: "over", type: "nominal", sort: ["all", "better half"] } as const;
  return {
    name: "predictors",
    title: "Predictors of the true error",
    // A study may compare dozens; their names must not lie on each other.
    height: Math.max(figureSize.height, 100 + 19 * all.length),
    caption:
      `Spearman correlation with the true errors of ${n} architectures; lines are 95 % bootstrap intervals.` +
      (combined
        ? " The last two rows are mean ranks: of all baselines, and of the score and all baselines."
        : ""),
    spec: {
      data: { values },
      layer: [
        {
          mark: { type: "rule", strokeWidth: 2 },
          encoding: {
            y,
            yOffset,
            color: overColor,
            x: { field: "low", type: "quantitative", title: "Spearman correlation" },
            x2: { field: "high" },
          },
        },
        {
          mark: { type: "point", opacity: 1, size: 60 },
          encoding: { y, yOffset, color: overColor, x: { field: "value", type: "quantitative" } },
        },
      ],
    },
  };
}

const format = (value: number) => (Number.isFinite(value) ? formatDecimal(value) : "not defined");
