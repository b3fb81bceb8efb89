/**
 * Where generated numbers land in the convolutions of cells: a weight is laid with bricks, each holding one tap of the
 * kernel for `brick` outputs and `brick` inputs of its own. Every weight is divided by its Euclidean norm (simplified
 * weight norm, SMASH section 3.3).
 */

import type { Tensor } from "../tensor/index.js";

/** Divisor guard: a generated weight that is exactly zero stays zero. */
const tiny = 1e-12;

export interface BrickLayout {
  /** Output channels of a brick, and input channels. */
  readonly brick: number;
  /** Bricks along the outputs of a weight, and along its inputs. */
  readonly blocks: number;
  /** 1 or 3. */
  readonly kernel: number;
}

/**
 * Weights [C, C, k, k], C = blocks * brick, channels-last and of norm 1, from rows [weights * blocks * blocks, k * k *
 * brick * brick]: rows by weight, then block of outputs, then block of inputs; columns by tap, then output, then input.
 */
export function layBricks(rows: Tensor, { brick, blocks, kernel }: BrickLayout): Tensor[] {
  const count = rows.shape[0] / blocks ** 2;
  const channels = blocks * brick;
  const flat = rows
    .reshape([count, blocks, blocks, kernel ** 2, brick, brick])
    .permute([0, 1, 4, 3, 2, 5]) // [weights, outputs: blocks, brick, taps, inputs: blocks, brick]
    .reshape([count, channels * kernel ** 2 * channels]);
  const norms = flat
    .pow(2)
    .sum({ dims: [1], keepDims: true })
    .add(tiny ** 2)
    .sqrt(); // [weights, 1]
  return flat
    .div(norms)
    .split(Array<number>(count).fill(1), 0)
    .map((weight) => weight.reshape([channels, kernel, kernel, channels]).permute([0, 3, 1, 2]));
}
