/** Cutting the weights of a whole network out of one tensor, in one graph node (see native/src/weight_ops.cc). */

import { native } from "./engine.js";
import { Tensor } from "./tensor.js";

/** Where one layer's weight lies in the HyperNet's output. */
export interface GeneratedLayer {
  /** First column. */
  readonly start: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Euclidean norm of its weight. Default 1. */
  readonly gain?: number;
}

/**
 * The layers' 1x1 weights [outputs, inputs, 1, 1], each divided by its Euclidean norm (simplified weight norm) and
 * multiplied by its gain, from the HyperNet's output [1, rowOutputs * columnInputs, k, L].
 */
export function generatedWeights(
  output: Tensor,
  layers: readonly GeneratedLayer[],
  { columnInputs, rowOutputs }: { readonly columnInputs: number; readonly rowOutputs: number },
): Tensor[] {
  const spec = layers.flatMap(({ start, inputs, outputs }) => [start, inputs, outputs]);
  return native()
    .generatedWeights(
      output.handle,
      spec,
      layers.map(({ gain = 1 }) => gain),
      columnInputs,
      rowOutputs,
    )
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
