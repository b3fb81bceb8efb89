/**
 * Which images make up which step. Every step can be asked for directly, from the seed and its number alone: resuming
 * needs no state of an iterator.
 */

import { SmashError } from "../errors.js";
import { Random } from "../random.js";

export interface BatchPlan {
  /** Images in the set. */
  readonly count: number;
  readonly batchSize: number;
  readonly seed: number;
}

/** Steps of one epoch; the last one is smaller when the batch size does not divide the count. */
export function stepsPerEpoch({ count, batchSize }: Pick<BatchPlan, "count" | "batchSize">): number {
  return Math.ceil(count / batchSize);
}

/** The images 0 … count - 1 in this epoch's order. */
export function epochOrder(count: number, seed: number, epoch: number): Int32Array {
  const all = Array.from({ length: count }, (_, index) => index);
  return Int32Array.from(Random.stream(seed, "epoch-order", epoch).shuffle(all));
}

/** Images of step `step` (from 0, counted over all epochs). Throws `config` for sizes that cannot be. */
export function batchIndices({
  count,
  batchSize,
  seed,
  step,
}: BatchPlan & { readonly step: number }): Int32Array {
  const whole = [count, batchSize, step].every(Number.isSafeInteger);
  if (!whole || count < 1 || batchSize < 1 || step < 0) {
    throw new SmashError("config", {
      rule: "A batch needs a set of at least one image, a batch size of at least 1 and a step from 0 on.",
      found: `count ${count}, batchSize ${batchSize}, step ${step}.`,
      fix: "use whole numbers in these ranges.",
    });
  }
  const steps = stepsPerEpoch({ count, batchSize });
  const start = (step % steps) * batchSize;
  return rememberedOrder(count, seed, Math.floor(step / steps)).slice(start, start + batchSize);
}

/** An order of 45,000 takes milliseconds and serves 900 steps. Two are kept: for training and for something beside it. */
const remembered = new Map<string, Int32Array>();

function rememberedOrder(count: number, seed: number, epoch: number): Int32Array {
  const key = `${count} ${seed} ${epoch}`;
  let order = remembered.get(key);
  if (!order) {
    order = epochOrder(count, seed, epoch);
    if (remembered.size === 2) remembered.delete(remembered.keys().next().value!);
    remembered.set(key, order);
  }
  return order;
}
