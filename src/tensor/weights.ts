/** Cutting the weights of a whole network out of one tensor, in one graph node (see native/src/weight_ops.cc). */

import { native } from "./engine.js";
import { Tensor } from "./tensor.js";

/** Where one weight lies in the HyperNet's output. */
export interface GeneratedWeight {
  /** First column. */
  readonly start: number;
  /** Columns of its own: where it has more inputs than they hold, they are read over and over. */
  readonly columns: number;
  /** [outputs, inputs, kernel height, kernel width] */
  readonly shape: readonly [number, number, number, number];
  /** Its Euclidean norm. Default 1. */
  readonly gain?: number;
}

/** What a row and a column of the HyperNet's output hold. */
export interface BrickSize {
  /** Input channels of a weight that one column stands for. */
  readonly columnInputs: number;
  /** Output channels that one row stands for. */
  readonly rowOutputs: number;
  /** Height = width of the largest kernel; smaller ones are its centre. */
  readonly kernel: number;
}

/**
 * Weights [outputs, inputs, height, width], channels-last, each divided by its Euclidean norm (simplified weight norm) and
 * multiplied by its gain, from the HyperNet's output [1, kernel * kernel * rowOutputs * columnInputs, k, L], whose channels
 * are kernel rows, kernel columns, outputs, inputs.
 */
export function generatedWeights(
  output: Tensor,
  weights: readonly GeneratedWeight[],
  { columnInputs, rowOutputs, kernel }: BrickSize,
): Tensor[] {
  const cuts = weights.flatMap(({ start, columns, shape: [outputs, inputs, height, width] }) => [
    ...[start, columns, inputs, outputs],
    ...[height, width],
  ]);
  const gains = weights.map(({ gain = 1 }) => gain);
  return native()
    .generatedWeights(output.handle, cuts, gains, columnInputs, rowOutputs, kernel)
    .map((handle) => new Tensor(handle));
}

/**
 * A dense block of leaky ReLU and 3x3 convolutions, whose weights [growth, C + i * growth, 3, 3] are each divided by
 * their Euclidean norm: x [C, k, L] -> [C + weights * growth, k, L].
 */
export function denseBlock(
  x: Tensor,
  weights: readonly Tensor[],
  { slope }: { readonly slope: number },
): Tensor {
  return new Tensor(
    native().denseBlock(
      x.handle,
      weights.map(({ handle }) => handle),
      slope,
    ),
  );
}

/** Slices of a convolution weight: first output filters, first input channels, centre of the kernel. */
export function sliceWeights(weight: Tensor, shapes: readonly (readonly number[])[]): Tensor[] {
  return native()
    .sliceWeights(weight.handle, shapes.flat())
    .map((handle) => new Tensor(handle));
}
