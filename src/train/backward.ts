/**
 * What a step of either training does up to the gradients: the step's batch, forward, loss, backward. The batch depends
 * on the seed and the step's number alone.
 */

import { batchIndices, type Augmentation } from "../data/index.js";
import { SmashError } from "../errors.js";
import { Random } from "../random.js";
import { crossEntropy, noGrad, Recording, scope, stack, type Tensor } from "../tensor/index.js";
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
  /** Where `forward` does the same in every step, and images are not mixed: a GPU replays what it did. */
  readonly recording?: Recording | undefined;
}

/** Of a step's batch. */
export interface BatchResult {
  readonly loss: number;
  /** Fraction classified wrongly. */
  readonly error: number;
}

/** What a step has measured, still on its way: reading waits for the device. */
export interface PendingResult {
  /** To be called once. Throws `SmashError("diverged")` at a loss that is not finite. */
  read(): BatchResult;
}

/**
 * Adds the step's gradients to every leaf that `forward`, images [N, C, H, W] -> logits [N, K], depends on. Waits for
 * nothing, so that a GPU has the optimizer's work queued before the loss is read.
 */
export function backwardStep(
  forward: (images: Tensor) => Tensor,
  { train, settings, seed, step, recording = new Recording() }: BackwardOptions,
): PendingResult {
  const { batchSize, augment, labelSmoothing: smoothing, mixup } = settings;
  const indices = batchIndices({ count: train.set.count, batchSize, seed, step });
  const batch = scope(() =>
    loadBatch(train, indices, { augment, random: Random.stream(seed, "augment", step) }),
  );
  const inputs = [batch.images, batch.labels];
  try {
    const result = mixup
      ? scope(() => backwardMixed(forward, batch, { mixup, smoothing, seed, step }))
      : {
          measured: recording.run(inputs, (tensors) => backwardPlain(forward, tensors, smoothing)),
          weights: [1],
        };
    return pending(result, step);
  } finally {
    for (const tensor of inputs) tensor.dispose();
  }
}

/** What `measure` gives of this step's batch, and how much each choice of labels counts. */
interface Measured {
  readonly measured: Tensor;
  readonly weights: readonly number[];
}

function pending({ measured, weights }: Measured, step: number): PendingResult {
  return {
    read() {
      const [loss, ...shares] = measured.toNumbers();
      measured.dispose();
      requireFinite(loss, step);
      const correct = shares.reduce((sum, share, index) => sum + weights[index] * share, 0);
      return { loss, error: 1 - correct };
    },
  };
}

/** Adds the gradients of a batch, images [N, C, H, W] and labels [N]; gives what was measured. */
function backwardPlain(
  forward: (images: Tensor) => Tensor,
  [images, labels]: readonly Tensor[],
  smoothing: number,
): Tensor {
  const logits = forward(images);
  const loss = crossEntropy(logits, labels, { smoothing });
  loss.backward();
  return measure(loss, logits, [labels]);
}

/** The same with mixed images; a guess counts as right by the share that its class has in the mixture. */
function backwardMixed(
  forward: (images: Tensor) => Tensor,
  batch: BatchTensors,
  options: {
    readonly mixup: number;
    readonly smoothing: number;
    readonly seed: number;
    readonly step: number;
  },
): Measured {
  const { mixup, smoothing } = options;
  const mixed = mixBatch(batch, drawMixture(mixup, { ...options, count: batch.count }));
  const { labels, partnerLabels, share } = mixed;
  const logits = forward(mixed.images);
  const loss = mixedCrossEntropy(logits, mixed, { smoothing });
  loss.backward();
  return { measured: measure(loss, logits, [labels, partnerLabels]), weights: [share, 1 - share] };
}

/** The loss, and for each choice of labels the share of guesses that agree: one tensor, to be read at once. */
function measure(loss: Tensor, logits: Tensor, choices: readonly Tensor[]): Tensor {
  return noGrad(() => {
    const guesses = logits.argmax(1);
    const shares = choices.map((labels) => guesses.equal(labels).to({ dtype: loss.dtype }).mean());
    return stack([loss, ...shares], 0);
  });
}

function requireFinite(loss: number, step: number): void {
  if (Number.isFinite(loss)) return;
  throw new SmashError("diverged", {
    rule: "The training loss must stay finite.",
    found: `loss ${loss} at step ${step + 1}.`,
    fix: "the last good checkpoint is kept; train again with a lower learning rate, or with --precision fp32.",
  });
}
