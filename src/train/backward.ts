/**
 * What a step of either training does up to the gradients: the step's batch, forward, loss, backward. The batch depends
 * on the seed and the step's number alone.
 */

import { batchIndices, type Augmentation } from "../data/index.js";
import { SmashError } from "../errors.js";
import { Random } from "../random.js";
import { crossEntropy, scope, type Tensor } from "../tensor/index.js";
import { loadBatch, type ImageSource } from "./batch-tensors.js";

export interface BackwardOptions {
  readonly train: ImageSource;
  readonly settings: {
    readonly batchSize: number;
    readonly augment: Augmentation;
    readonly labelSmoothing: number;
  };
  readonly seed: number;
  /** From 0. */
  readonly step: number;
}

/**
 * Adds the step's gradients to every leaf that `forward`, images [N, C, H, W] -> logits [N, K], depends on; gives the
 * batch's loss and error. Throws `SmashError("diverged")` at a loss that is not finite.
 */
export function backwardStep(
  forward: (images: Tensor) => Tensor,
  { train, settings, seed, step }: BackwardOptions,
): { readonly loss: number; readonly error: number } {
  const { batchSize, augment, labelSmoothing } = settings;
  const indices = batchIndices({ count: train.set.count, batchSize, seed, step });
  const result = scope(() => {
    const batch = loadBatch(train, indices, { augment, random: Random.stream(seed, "augment", step) });
    const logits = forward(batch.images);
    const loss = crossEntropy(logits, batch.labels, { smoothing: labelSmoothing });
    loss.backward();
    const correct = logits.argmax(1).equal(batch.labels).to({ dtype: "float32" }).mean();
    return { loss: loss.item(), error: 1 - correct.item() };
  });
  if (Number.isFinite(result.loss)) return result;
  throw new SmashError("diverged", {
    rule: "The training loss must stay finite.",
    found: `loss ${result.loss} at step ${step + 1}.`,
    fix: "the last good checkpoint is kept; train again with a lower learning rate, or with --precision fp32.",
  });
}
