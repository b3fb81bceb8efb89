/** Figure: how the scores are distributed, by where the architectures came from. */

import type { FigurePlan } from "./draw-figure.js";
import { colors, guideDash, originScale } from "./figure-theme.js";
import type { ReportData } from "./report-data.js";
import { scoreAxis } from "./score-axis.js";
import { scoreNaming } from "./score-naming.js";

export function planScoreHistogram(data: ReportData): FigurePlan | undefined {
  const axis = scoreAxis(data);
  if (axis === undefined) return undefined;
  const { rows, marked, title, labelExpr, omitted } = axis;
  const origins = originScale(rows.map(({ origin }) => origin));
  return {
    name: "score-histogram",
    title: "Scores of all architectures",
    caption:
      `Number of architectures by score; left is better. ${marked ? `The dashed line marks the ${marked.naming}. ` : ""}` +
      `${scoreNaming[data.rankedBy].spread}${omitted}`,
    spec: {
      layer: [
        {
          data: { values: rows.map(({ score, origin }) => ({ score, origin })) },
          mark: { type: "bar" },
          encoding: {
            x: { field: "score", bin: { maxbins: 32 }, title, axis: { labelExpr, tickCount: 6 } },
            y: { aggregate: "count", title: "architectures", axis: { tickCount: 5, tickMinStep: 1 } },
            color: {
              field: "origin",
              type: "nominal",
              scale: { domain: origins.domain, range: origins.colors },
              legend: { symbolType: "square" },
            },
            order: { field: "origin" },
          },
        },
        {
          data: { values: marked ? [{ score: marked.score, label: marked.label }] : [] },
          encoding: { x: { field: "score", type: "quantitative" } },
          layer: [
            { mark: { type: "rule", strokeDash: guideDash, color: colors.ink } },
            {
              mark: { type: "text", align: "left", baseline: "top", dx: 5, y: 0, color: colors.ink },
              encoding: { text: { field: "label" } },
            },
          ],
        },
      ],
    },
  };
}
