/** Figure: what a surrogate says of networks that it was not fitted to, against their errors. */

import { mean, spearman } from "../statistics/index.js";
import type { FigurePlan } from "./draw-figure.js";
import { colors, guideDash } from "./figure-theme.js";
import { formatDecimal, formatPercent } from "./format.js";
import type { ReportData } from "./report-data.js";
import { percentLabel } from "./score-naming.js";

export function planSurrogateCheck({ surrogate }: ReportData): FigurePlan | undefined {
  if (!surrogate) return undefined;
  const checks = surrogate.checks.map(({ error, predicted }) => ({ error, predicted }));
  const errors = checks.map(({ error }) => error);
  const agreement = spearman(
    checks.map(({ predicted }) => predicted),
    errors,
  );
  const off = Math.sqrt(mean(checks.map(({ error, predicted }) => (error - predicted) ** 2)));
  const ends = [Math.min(...errors), Math.max(...errors)];
  const scale = { zero: false, nice: false, padding: 12 } as const;
  const axis = { labelExpr: percentLabel, tickCount: 6 } as const;
  const x = { field: "predicted", type: "quantitative", title: "predicted error (%)", scale, axis } as const;
  const y = { field: "error", type: "quantitative", title: "error after training (%)", scale, axis } as const;
  return {
    name: "surrogate-check",
    title: "What the surrogate knows",
    caption:
      `One point for each of the ${checks.length} reduced networks that the surrogate learned from. Each is predicted by ` +
      `weights fitted to the others; on the dashed line prediction and error are the same. Spearman correlation ` +
      `${formatDecimal(agreement, 2)}, usual difference ${formatPercent(off, 1)}.`,
    spec: {
      layer: [
        {
          data: { values: ends.map((end) => ({ predicted: end, error: end })) },
          mark: { type: "line", strokeDash: guideDash, color: colors.muted, strokeWidth: 1.25 },
          encoding: { x, y },
        },
        { data: { values: checks }, mark: { type: "point", color: colors.blue }, encoding: { x, y } },
      ],
    },
  };
}
