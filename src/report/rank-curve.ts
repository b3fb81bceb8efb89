/** Figure: the scores in order. Its shape says how much choosing the best gains over choosing at random. */

import type { FigurePlan } from "./draw-figure.js";
import { colors, encodeOrigins, originScale } from "./figure-theme.js";
import type { ReportData } from "./report-data.js";
import { scoreAxis } from "./score-axis.js";

export function planRankCurve(data: ReportData): FigurePlan | undefined {
  const axis = scoreAxis(data);
  if (axis === undefined) return undefined;
  const { rows, verticalTitle, labelExpr, omitted } = axis;
  const origins = originScale(rows.map(({ origin }) => origin));
  const x = {
    field: "rank",
    type: "quantitative",
    title: "rank",
    scale: { nice: false, zero: false, padding: 6 },
    axis: { tickCount: 6, tickMinStep: 1, format: "d" },
  } as const;
  const y = {
    field: "score",
    type: "quantitative",
    title: verticalTitle,
    scale: { zero: false, padding: 8 },
    axis: { labelExpr, tickCount: 6 },
  } as const;
  return {
    name: "rank-curve",
    title: "Scores in order",
    caption:
      `Score by rank, the best at the left. A steep start means that few architectures stand out; ` +
      `a flat one that the first ranks are nearly level.${omitted}`,
    spec: {
      data: { values: rows.map(({ rank, score, origin }) => ({ rank, score, origin })) },
      layer: [
        { mark: { type: "line", color: colors.muted, strokeWidth: 1 }, encoding: { x, y } },
        {
          mark: { type: "point", size: 22, opacity: 0.85 },
          encoding: {
            x,
            y,
            ...encodeOrigins(origins),
          },
        },
      ],
    },
  };
}
