/**
 * What a step of either training does up to the gradients: the step's batch, forward, loss, backward. The batch depends
 * on the seed and the step's number alone.
 */

import { batchIndices, type Augmentation } from "../data/index.js";
import { SmashError } from "../errors.js";
import { Random } from "../random.js";
import { crossEntropy, scope, type Tensor } from "../tensor/index.js";
import { loadBatch, type BatchTensors, type ImageSource } from "./batch-tensors.js";
import { drawMixture, mixBatch, mixedCrossEntropy } from "./mixup.js";

export interface BackwardOptions {
  readonly train: ImageSource;
  readonly settings: {
    readonly batchSize: number;
    readonly augment: Augmentation;
    readonly labelSmoothing: number;
    /** Default 0: images are not mixed. */
    readonly mixup?: number | undefined;
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
  const { batchSize, augment, labelSmoothing: smoothing, mixup } = settings;
  const indices = batchIndices({ count: train.set.count, batchSize, seed, step });
  const result = scope(() => {
    const batch = loadBatch(train, indices, { augment, random: Random.stream(seed, "augment", step) });
    if (mixup) return backwardMixed(forward, batch, { mixup, smoothing, seed, step });
    const logits = forward(batch.images);
    const loss = crossEntropy(logits, batch.labels, { smoothing });
    loss.backward();
    return { loss: loss.item(), error: 1 - shareCorrect(logits, batch.labels) };
  });
  if (Number.isFinite(result.loss)) return result;
  throw new SmashError("diverged", {
    rule: "The training loss must stay finite.",
    found: `loss ${result.loss} at step ${step + 1}.`,
    fix: "the last good checkpoint is kept; train again with a lower learning rate, or with --precision fp32.",
  });
}

/** The same with mixed images; a guess is right by as much as its class is in the mixture. */
function backwardMixed(
  forward: (images: Tensor) => Tensor,
  batch: BatchTensors,
  options: {
    readonly mixup: number;
    readonly smoothing: number;
    readonly seed: number;
    readonly step: number;
  },
): { readonly loss: number; readonly error: number } {
  const { mixup, smoothing } = options;
  const mixed = mixBatch(batch, drawMixture(mixup, { ...options, count: batch.count }));
  const { labels, partnerLabels, share } = mixed;
  const logits = forward(mixed.images);
  const loss = mixedCrossEntropy(logits, mixed, { smoothing });
  loss.backward();
  const correct = share * shareCorrect(logits, labels) + (1 - share) * shareCorrect(logits, partnerLabels);
  return { loss: loss.item(), error: 1 - correct };
}

function shareCorrect(logits: Tensor, labels: Tensor): number {
  return logits.argmax(1).equal(labels).to({ dtype: "float32" }).mean().item();
}
