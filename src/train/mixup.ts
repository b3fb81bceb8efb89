/**
 * Mixup (Zhang et al. 2018): a step's images are blended with those of the same batch in another order, and so are the
 * targets. One share for the whole batch, from Beta(alpha, alpha), as in the authors' code.
 */

import { Random } from "../random.js";
import { crossEntropy, fromArray, type Tensor } from "../tensor/index.js";
import type { BatchTensors } from "./batch-tensors.js";

export interface Mixture {
  /** Weight of an image itself; its partner has the rest. */
  readonly share: number;
  /** Position in the batch of each image's partner. */
  readonly partners: readonly number[];
}

/** What step `step` mixes in a batch of `count`. */
export function drawMixture(
  alpha: number,
  { count, seed, step }: { readonly count: number; readonly seed: number; readonly step: number },
): Mixture {
  const random = Random.stream(seed, "mixup", step);
  const share = drawBeta(random, alpha);
  const positions = Array.from({ length: count }, (_, position) => position);
  return { share, partners: random.shuffle(positions) };
}

/** A batch with partners, ready for the loss. */
export interface MixedBatch {
  readonly images: Tensor; // [N, C, H, W]
  readonly labels: Tensor; // [N]
  readonly partnerLabels: Tensor; // [N]
  readonly share: number;
}

export function mixBatch({ images, labels }: BatchTensors, { share, partners }: Mixture): MixedBatch {
  const order = fromArray(BigInt64Array.from(partners, BigInt), [partners.length], { device: images.device });
  const others = images.indexSelect(0, order).mul(1 - share);
  return {
    images: images.mul(share).add(others).channelsLast(),
    labels,
    partnerLabels: labels.indexSelect(0, order),
    share,
  };
}

/** share * loss(labels) + (1 - share) * loss(partners): the cross-entropy with the blended targets. */
export function mixedCrossEntropy(
  logits: Tensor,
  { labels, partnerLabels, share }: Omit<MixedBatch, "images">,
  { smoothing = 0 } = {},
): Tensor {
  const own = crossEntropy(logits, labels, { smoothing });
  return own.mul(share).add(crossEntropy(logits, partnerLabels, { smoothing }).mul(1 - share));
}

/** Beta(alpha, alpha), as a ratio of gamma variates; in logarithms, which small alphas need. */
export function drawBeta(random: Random, alpha: number): number {
  const [first, second] = [drawLogGamma(random, alpha), drawLogGamma(random, alpha)];
  return 1 / (1 + Math.exp(second - first));
}

/** Logarithm of a Gamma(alpha, 1) variate (Marsaglia and Tsang 2000, with their boost for alpha below 1). */
function drawLogGamma(random: Random, alpha: number): number {
  const shape = alpha + 1 - 1 / 3;
  for (;;) {
    const normal = drawNormal(random);
    const cube = (1 + normal / Math.sqrt(9 * shape)) ** 3;
    const log = Math.log(1 - random.uniform());
    if (cube > 0 && log < normal ** 2 / 2 + shape * (1 - cube + Math.log(cube))) {
      return Math.log(shape * cube) + Math.log(1 - random.uniform()) / alpha;
    }
  }
}

/** Box and Muller 1958. */
function drawNormal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random.uniform()));
  return radius * Math.cos(2 * Math.PI * random.uniform());
}
