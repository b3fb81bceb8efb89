/**
 * Thins a noisy training curve for display: bins of equally many neighbouring points, each replaced by its mean.
 *
 * Bins rather than a running mean: no point is used twice, so the remaining wiggle is the true noise of the mean, and
 * the figure stays small however long the run was.
 */

import { mean } from "../statistics/index.js";
import type { StepPoint } from "./report-data.js";

/** Enough for a smooth line of 440 pixels, few enough to average much of the noise of single mini-batches. */
const maxPoints = 80;

export interface SmoothedCurve {
  readonly points: readonly StepPoint[];
  /** Training steps that one point averages over. */
  readonly stepsPerPoint: number;
}

export function smoothCurve(curve: readonly StepPoint[]): SmoothedCurve {
  const finite = curve.filter(({ loss, error }) => Number.isFinite(loss) && Number.isFinite(error));
  const size = Math.max(1, Math.ceil(finite.length / maxPoints));
  const points: StepPoint[] = [];
  for (let start = 0; start < finite.length; start += size) {
    const bin = finite.slice(start, start + size);
    // A short rest would be noisier than its neighbours and draw the eye to the end of the curve.
    if (bin.length < size / 2 && points.length > 0) break;
    points.push({
      step: Math.round(mean(bin.map(({ step }) => step))),
      loss: mean(bin.map(({ loss }) => loss)),
      error: mean(bin.map(({ error }) => error)),
    });
  }
  const span = finite.length > 1 ? finite.at(-1)!.step - finite[0].step : 0;
  return { points, stepsPerPoint: Math.max(1, Math.round((span * size) / Math.max(1, finite.length - 1))) };
}
