/** The last line of a run: a trained network on the test images, which decide nothing else. */

import { runningStatistics, type TrainableNetwork } from "../network/index.js";
import { crossEntropySum, noGrad, scope, type DType } from "../tensor/index.js";
import type { BatchTensors } from "./batch-tensors.js";

export interface TestScore {
  readonly error: number;
  /** Fraction whose class is not among the five most probable. */
  readonly top5Error: number;
  /** Mean cross-entropy, nats. */
  readonly loss: number;
  /** Images by true class (row) and predicted class (column). */
  readonly confusion: readonly (readonly number[])[];
}

export function testNetwork(
  network: TrainableNetwork,
  batches: readonly BatchTensors[],
  computeType?: DType,
): TestScore {
  const { classes } = network.architecture;
  const confusion = Array.from({ length: classes }, () => Array<number>(classes).fill(0));
  const top = Math.min(5, classes);
  let [correct, inTop, loss, count] = [0, 0, 0, 0];
  for (const { images, labels } of batches) {
    noGrad(() =>
      scope(() => {
        const logits = network.forward(images, { statistics: runningStatistics, computeType });
        const truths = labels.toNumbers();
        const ranked = logits.topk(top, 1).toNumbers(); // [N, top]
        loss += crossEntropySum(logits, labels).item();
        for (const [index, truth] of truths.entries()) {
          const guesses = ranked.slice(index * top, (index + 1) * top);
          confusion[truth][guesses[0]]++;
          if (guesses[0] === truth) correct++;
          if (guesses.includes(truth)) inTop++;
        }
        count += truths.length;
      }),
    );
  }
  return { error: 1 - correct / count, top5Error: 1 - inTop / count, loss: loss / count, confusion };
}
