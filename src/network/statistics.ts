/**
 * Which statistics a BatchNorm normalises by. Running statistics gathered over many architectures are wrong for any
 * one of them, so scoring recalibrates by default: statistics of this architecture over a few training batches.
 */

import type { Tensor } from "../tensor/index.js";
import { ones, scope, zeros } from "../tensor/index.js";

/** Which statistics normalise a network with generated weights: measured anew for it, the batch's own, or running ones. */
export type BatchNormMode = "recalibrated" | "batch" | "running";

/** Means and variances that BatchNorm normalises by. */
export interface RunningStatistics {
  /** [C] */
  readonly mean: Tensor;
  /** [C] */
  readonly variance: Tensor;
}

/** How to call `batchNorm` at a site. */
export interface StatisticsUse extends Partial<RunningStatistics> {
  readonly training: boolean;
  readonly momentum?: number;
}

/** Which statistics BatchNorm uses, site by site. */
export interface BatchNormStatistics {
  /** `running`: the network's own running statistics of the site. */
  at(index: number, running: RunningStatistics): StatisticsUse;
}

/** Training: the batch's statistics, which also move the running ones. */
export const trainingStatistics: BatchNormStatistics = {
  at: (_index, running) => ({ ...running, training: true }),
};

/** The batch's statistics alone. */
export const batchStatistics: BatchNormStatistics = { at: () => ({ training: true }) };

/** The running statistics, unchanged. */
export const runningStatistics: BatchNormStatistics = {
  at: (_index, running) => ({ ...running, training: false }),
};

/**
 * Statistics of one architecture: while calibrating, every forward pass adds its batch to an equal-weight average;
 * afterwards they are used unchanged.
 */
export class RecalibratedStatistics implements BatchNormStatistics {
  readonly #own = new Map<number, RunningStatistics>();
  #batches = 0;
  #isCalibrating = false;

  /** Runs `forward` once per batch to gather statistics. */
  calibrate<Batch>(batches: readonly Batch[], forward: (batch: Batch) => void): void {
    this.#isCalibrating = true;
    for (const batch of batches) {
      this.#batches++;
      scope(() => {
        forward(batch);
        return [...this.#own.values()]; // outlive the batch
      });
    }
    this.#isCalibrating = false;
  }

  at(index: number, running: RunningStatistics): StatisticsUse {
    let own = this.#own.get(index);
    if (!own) {
      const { shape, device, dtype } = running.mean;
      own = { mean: zeros(shape, { device, dtype }), variance: ones(shape, { device, dtype }) };
      this.#own.set(index, own);
    }
    return this.#isCalibrating
      ? { ...own, training: true, momentum: 1 / this.#batches }
      : { ...own, training: false };
  }
}
