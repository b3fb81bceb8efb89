/** All figures of a run. Those without data yet are left out. */

import { drawFigure, type Figure, type FigurePlan } from "./draw-figure.js";
import { planHypernetCurve } from "./hypernet-curve.js";
import { planRankCurve } from "./rank-curve.js";
import type { ReportData } from "./report-data.js";
import { planScoreAgainstFlops, planScoreAgainstParameters } from "./score-against-cost.js";
import { planScoreHistogram } from "./score-histogram.js";
import { planSurrogateCheck } from "./surrogate-check.js";
import { planWinnerCurve } from "./winner-curve.js";

/** In the order of the report. */
const plans: readonly ((data: ReportData) => FigurePlan | undefined)[] = [
  planHypernetCurve,
  planScoreHistogram,
  planRankCurve,
  planScoreAgainstParameters,
  planScoreAgainstFlops,
  planSurrogateCheck,
  planWinnerCurve,
];

/** Draws the figures of a report: stand-alone SVG documents; `name` is the file name without its ending. */
export async function renderFigures(data: ReportData): Promise<readonly Figure[]> {
  const figures: Figure[] = [];
  for (const plan of plans) {
    const planned = plan(data);
    if (planned !== undefined) figures.push(await drawFigure(planned));
  }
  return figures;
}
