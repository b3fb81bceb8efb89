/** Figure: how the HyperNet learned. Error of random architectures with generated weights, against chance. */

import type { FigurePlan } from "./draw-figure.js";
import { errorCurveSpec, type CurveRow } from "./error-curve.js";
import { formatInteger, formatPercent } from "./format.js";
import type { ReportData } from "./report-data.js";
import { smoothCurve } from "./smooth-curve.js";

export function planHypernetCurve(data: ReportData): FigurePlan | undefined {
  const { points, stepsPerPoint } = smoothCurve(data.hypernet.curve);
  const rows: CurveRow[] = [
    ...points.map(({ step, error }) => ({ x: step, error, set: "training" as const })),
    ...data.hypernet.validation.map(({ step, error }) => ({ x: step, error, set: "validation" as const })),
  ];
  if (rows.length === 0) return undefined;
  const chance = 1 - 1 / data.dataset.classes.length;
  const smoothed =
    stepsPerPoint > 1 ? ` Each training point is a mean over ${formatInteger(stepsPerPoint)} steps.` : "";
  return {
    name: "hypernet-curve",
    title: "The HyperNet learns to write weights",
    caption:
      `Error of architectures drawn at random, with generated weights. ` +
      `The further the curves fall below the dashed line, guessing (${formatPercent(chance, 1)}), ` +
      `the more the scores can tell.${smoothed}`,
    spec: errorCurveSpec(rows, {
      xTitle: "training step",
      rule: { error: chance, label: "chance", side: "right" },
    }),
  };
}
