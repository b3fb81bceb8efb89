/** The last line of a run: a trained network on the test images, which decide nothing else. */

import { runningStatistics, type TrainableNetwork } from "../network/index.js";
import { crossEntropySum, noGrad, scope, type DType } from "../tensor/index.js";
import type { BatchTensors } from "./batch-tensors.js";

/** A test image whose most probable class is not its own. */
export interface Mistake {
  /** Position in the order of the batches, from 0. */
  readonly index: number;
  /** Classes. */
  readonly truth: number;
  readonly prediction: number;
  /** What the network gives the two classes, 0 … 1. */
  readonly probability: number;
  readonly truthProbability: number;
}

/** A trained network on test images. */
export interface TestScore {
  /** Fraction classified wrongly. */
  readonly error: number;
  /** Fraction whose class is not among the five most probable. */
  readonly top5Error: number;
  /** Mean cross-entropy, nats. */
  readonly loss: number;
  /** Images by true class (row) and predicted class (column). */
  readonly confusion: readonly (readonly number[])[];
  /** The mistakes that the network is surest of, surest first; at most `mostMistakes`. */
  readonly mistakes: readonly Mistake[];
}

/** As many as a page shows. */
const mostMistakes = 24;

export function testNetwork(
  network: TrainableNetwork,
  batches: Iterable<BatchTensors>,
  computeType?: DType,
): TestScore {
  const { classes } = network.architecture;
  const confusion = Array.from({ length: classes }, () => Array<number>(classes).fill(0));
  const top = Math.min(5, classes);
  const mistakes: Mistake[] = [];
  let [correct, inTop, loss, count] = [0, 0, 0, 0];
  for (const { images, labels } of batches) {
    noGrad(() =>
      scope(() => {
        const logits = network.forward(images, { statistics: runningStatistics, computeType });
        const truths = labels.toNumbers();
        const ranked = logits.topk(top, 1).toNumbers(); // [N, top]
        const probabilities = logits.to({ dtype: "float32" }).softmax(1).toNumbers(); // [N, K]
        loss += crossEntropySum(logits, labels).item();
        for (const [index, truth] of truths.entries()) {
          const guesses = ranked.slice(index * top, (index + 1) * top);
          const [prediction] = guesses;
          confusion[truth][prediction]++;
          if (prediction === truth) correct++;
          else {
            const of = (label: number) => probabilities[index * classes + label];
            const [probability, truthProbability] = [of(prediction), of(truth)];
            mistakes.push({ index: count + index, truth, prediction, probability, truthProbability });
          }
          if (guesses.includes(truth)) inTop++;
        }
        count += truths.length;
      }),
    );
  }
  return {
    error: (count - correct) / count,
    top5Error: (count - inTop) / count,
    loss: loss / count,
    confusion,
    // Sorting is stable: of equally sure ones the first stays first.
    mistakes: mistakes.sort((one, other) => other.probability - one.probability).slice(0, mostMistakes),
  };
}
