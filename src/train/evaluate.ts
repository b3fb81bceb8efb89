/** Error and loss of a network over fixed batches, with an explicit choice of BatchNorm statistics. */

import type { Architecture } from "../arch/index.js";
import {
  batchStatistics,
  RecalibratedStatistics,
  runningStatistics,
  type BatchNormMode,
  type BatchNormStatistics,
  type GenerateOptions,
  type RunOptions,
  type SearchNetwork,
} from "../network/index.js";
import { crossEntropySum, noGrad, scope, stack, type Tensor } from "../tensor/index.js";
import type { BatchTensors } from "./batch-tensors.js";
import type { FineTuning } from "./fine-tuning.js";

/** A network on some images. */
export interface Score {
  /** Fraction classified wrongly. */
  readonly error: number;
  /** Mean cross-entropy, nats. */
  readonly loss: number;
}

/** Right guesses and summed loss of a batch, [2]. */
function scoreSums(logits: Tensor, labels: Tensor): Tensor {
  const loss = crossEntropySum(logits, labels);
  return stack([logits.argmax(1).equal(labels).to({ dtype: loss.dtype }).sum(), loss], 0);
}

/** Scores any forward pass, images [N, C, H, W] -> logits [N, K]. Sums stay on the device until all batches are queued. */
export function evaluate(forward: (images: Tensor) => Tensor, batches: readonly BatchTensors[]): Score {
  if (batches.length === 0) return { error: NaN, loss: NaN };
  const sums = noGrad(() =>
    scope(() =>
      stack(
        batches.map(({ images, labels }) => scope(() => scoreSums(forward(images), labels))),
        1,
      ).toNumbers(),
    ),
  );
  const total = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0);
  const count = total(batches.map((batch) => batch.count));
  const [correct, loss] = [total(sums.slice(0, batches.length)), total(sums.slice(batches.length))];
  return { error: (count - correct) / count, loss: loss / count };
}

/** The images by which architectures are compared. */
export interface ScoringData {
  /** Training images by which recalibrated statistics are gathered. */
  readonly calibration: readonly BatchTensors[];
  /** Held-out images, the same for every candidate. */
  readonly validation: readonly BatchTensors[];
  /** Training images that NASWOT shows an untrained network; needed where it takes part in the score. */
  readonly untrained?: BatchTensors;
  /** Needed by `evaluateFineTuned`. */
  readonly fineTuning?: FineTuning;
}

/** How an architecture is scored. */
export interface EvaluationOptions extends RunOptions, GenerateOptions {
  /** Default "recalibrated". */
  readonly batchNorm?: BatchNormMode;
}

/** SMASH score of an architecture: its error and loss with generated weights (SMASH section 3). */
export function evaluateGenerated(
  network: SearchNetwork,
  architecture: Architecture,
  data: ScoringData,
  options: EvaluationOptions = {},
): Score {
  const { batchNorm = "recalibrated", ...rest } = options;
  return noGrad(() =>
    scope(() => {
      const statistics = chooseStatistics(batchNorm);
      const forward = network.forward(architecture, { ...rest, statistics });
      if (statistics instanceof RecalibratedStatistics) {
        statistics.calibrate(data.calibration, ({ images }) => forward(images));
      }
      return evaluate(forward, data.validation);
    }),
  );
}

function chooseStatistics(mode: BatchNormMode): BatchNormStatistics {
  switch (mode) {
    case "recalibrated":
      return new RecalibratedStatistics();
    case "batch":
      return batchStatistics;
    case "running":
      return runningStatistics;
  }
}
