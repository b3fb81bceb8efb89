/** Figure: ordinary training of the winner, or of what was trained instead, from scratch, with its one test measurement. */

import type { FigurePlan } from "./draw-figure.js";
import { errorCurveSpec, type CurveRow } from "./error-curve.js";
import { formatPercent } from "./format.js";
import type { ReportData } from "./report-data.js";
import { shownNetwork } from "./shown-network.js";

export function planWinnerCurve(data: ReportData): FigurePlan | undefined {
  const { trained } = data;
  if (trained === undefined || trained.curve.length === 0) return undefined;
  const rows = trained.curve.flatMap(({ epoch, trainError, validationError }): CurveRow[] => [
    { x: epoch, error: trainError, set: "training" },
    { x: epoch, error: validationError, set: "validation" },
  ]);
  return {
    name: "winner-curve",
    title: `The ${shownNetwork(data)!.name} in ordinary training`,
    caption:
      `Error after each epoch of ordinary training. The dashed line is the test error, ` +
      `${formatPercent(trained.testError)}, measured once at the end. ` +
      `A gap between the curves shows how far the network fits its training images better than new ones.`,
    spec: errorCurveSpec(rows, {
      xTitle: "epoch",
      rule: { error: trained.testError, label: "test", side: "left" },
    }),
  };
}
