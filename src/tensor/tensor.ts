/**
 * A tensor of libtorch, held by an integer handle.
 *
 * Shapes are in the docs as [N, C, H, W]. Operations return new tensors and record a graph unless inside `noGrad`;
 * what is made inside `scope` is freed at its end. A mistake throws `SmashError("shape")` that names the operation
 * and every argument's type and shape.
 */

import { native } from "./engine.js";
import type { Device } from "./engine.js";
import type { DType, Handle } from "./native-ops.js";

/** Sizes of the dimensions, outermost first. */
export type Shape = readonly number[];
/** How a tensor's values come to JavaScript. */
export type TypedArray = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;

/** Over which dimensions a reduction runs. */
export interface ReduceOptions {
  /** Dimensions to reduce; all when left out. */
  readonly dims?: readonly number[];
  /** Keep reduced dimensions with size 1. */
  readonly keepDims?: boolean;
}

/** A tensor of libtorch. Make it inside `scope`, which frees it, or `dispose` it; shapes that do not fit throw. */
export class Tensor {
  readonly handle: Handle;
  #shape: Shape | undefined;

  constructor(handle: Handle) {
    this.handle = handle;
  }

  get shape(): Shape {
    this.#shape ??= native().shape(this.handle);
    return this.#shape;
  }

  get dtype(): DType {
    return native().dtype(this.handle);
  }

  get device(): Device {
    return native().device(this.handle);
  }

  get isDisposed(): boolean {
    return !native().alive(this.handle);
  }

  /** Number of elements. */
  get size(): number {
    return this.shape.reduce((product, length) => product * length, 1);
  }

  /** Frees it now instead of at its scope's end. */
  dispose(): void {
    native().dispose(this.handle);
  }

  // Autograd

  get requiresGrad(): boolean {
    return native().requiresGrad(this.handle);
  }

  /** Marks a leaf as trainable; returns it. */
  requireGrad(required = true): this {
    native().setRequiresGrad(this.handle, required);
    return this;
  }

  /** The accumulated gradient, a tensor that shares its memory; undefined before any backward pass reached it. */
  get grad(): Tensor | undefined {
    const handle = native().grad(this.handle);
    return handle === null ? undefined : new Tensor(handle);
  }

  /** Accumulates gradients into every leaf this scalar depends on. */
  backward(): void {
    native().backward(this.handle, null);
  }

  /** The same memory without a gradient. */
  detach(): Tensor {
    return new Tensor(native().detach(this.handle));
  }

  // Reading

  /** The value of a tensor with one element. */
  item(): number {
    return native().item(this.handle);
  }

  /** A copy of the elements in row-major order; bfloat16 is widened to float32. */
  toArray(): TypedArray {
    const dtype = this.dtype;
    if (dtype === "bfloat16") {
      const widened = this.to({ dtype: "float32" });
      try {
        return widened.toArray();
      } finally {
        widened.dispose();
      }
    }
    const bytes = native().readBytes(this.handle);
    switch (dtype) {
      case "float32":
        return new Float32Array(bytes);
      case "float64":
        return new Float64Array(bytes);
      case "int64":
        return new BigInt64Array(bytes);
      case "int32":
        return new Int32Array(bytes);
      case "uint8":
      case "bool":
        return new Uint8Array(bytes);
    }
  }

  /** The elements as plain numbers, row-major. */
  toNumbers(): number[] {
    return Array.from(this.toArray(), Number);
  }

  // Moves and layout

  /** Converted to another type or device; of the same memory where nothing changes. */
  to(target: { readonly dtype?: DType; readonly device?: Device }): Tensor {
    return new Tensor(native().to(this.handle, target.dtype ?? this.dtype, target.device ?? this.device));
  }

  /** A copy with memory of its own. */
  clone(): Tensor {
    return new Tensor(native().clone(this.handle));
  }

  /** The same values, the last dimension adjacent in memory; of the same memory where they already are. */
  contiguous(): Tensor {
    return new Tensor(native().contiguous(this.handle));
  }

  /** The same [N, C, H, W] values with channels adjacent in memory; itself where they already are. */
  channelsLast(): Tensor {
    return new Tensor(native().channelsLast(this.handle));
  }

  get isChannelsLast(): boolean {
    return native().isChannelsLast(this.handle);
  }

  // Shape

  /** The same values in another shape; one size may be -1. */
  reshape(shape: Shape): Tensor {
    return new Tensor(native().reshape(this.handle, shape));
  }

  /** A view with the dimensions in another order. */
  permute(dims: readonly number[]): Tensor {
    return new Tensor(native().permute(this.handle, dims));
  }

  /** A view with two dimensions exchanged. */
  transpose(first: number, second: number): Tensor {
    return new Tensor(native().transpose(this.handle, first, second));
  }

  /** A view of `length` entries of `dim` from `start`. */
  narrow(dim: number, start: number, length: number): Tensor {
    return new Tensor(native().narrow(this.handle, dim, start, length));
  }

  /** Views of these sizes along `dim`, one after the other. */
  split(sizes: readonly number[], dim: number): Tensor[] {
    return native()
      .split(this.handle, sizes, dim)
      .map((handle) => new Tensor(handle));
  }

  /** The entries of `dim` at `index` [n], int64. */
  indexSelect(dim: number, index: Tensor): Tensor {
    return new Tensor(native().indexSelect(this.handle, dim, index.handle));
  }

  /** Pads with `value`; amounts are [before, after] of the last dimension, then of the one before it, and so on. */
  pad(amounts: readonly number[], value = 0): Tensor {
    return new Tensor(native().pad(this.handle, amounts, value));
  }

  /** A view in which dimensions of size 1 are repeated to `shape`. */
  expand(shape: Shape): Tensor {
    return new Tensor(native().expand(this.handle, shape));
  }

  /** Values in reverse order along `dims`. */
  flip(dims: readonly number[]): Tensor {
    return new Tensor(native().flip(this.handle, dims));
  }

  // Elementwise, with broadcasting

  /** Sum, broadcast. */
  add(other: Tensor | number): Tensor {
    return new Tensor(
      typeof other === "number"
        ? native().addScalar(this.handle, other)
        : native().add(this.handle, other.handle),
    );
  }

  /** Difference, broadcast. */
  sub(other: Tensor | number): Tensor {
    return new Tensor(
      typeof other === "number"
        ? native().addScalar(this.handle, -other)
        : native().sub(this.handle, other.handle),
    );
  }

  /** Product, broadcast. */
  mul(other: Tensor | number): Tensor {
    return new Tensor(
      typeof other === "number"
        ? native().mulScalar(this.handle, other)
        : native().mul(this.handle, other.handle),
    );
  }

  /** Quotient, broadcast. */
  div(other: Tensor | number): Tensor {
    return new Tensor(
      typeof other === "number"
        ? native().mulScalar(this.handle, 1 / other)
        : native().div(this.handle, other.handle),
    );
  }

  /** Values to the power of `exponent`. */
  pow(exponent: number): Tensor {
    return new Tensor(native().powScalar(this.handle, exponent));
  }

  /** Values with the other sign. */
  neg(): Tensor {
    return new Tensor(native().neg(this.handle));
  }

  /** Absolute values. */
  abs(): Tensor {
    return new Tensor(native().abs(this.handle));
  }

  /** Exponentials. */
  exp(): Tensor {
    return new Tensor(native().exp(this.handle));
  }

  /** Natural logarithms. */
  log(): Tensor {
    return new Tensor(native().log(this.handle));
  }

  /** Square roots. */
  sqrt(): Tensor {
    return new Tensor(native().sqrt(this.handle));
  }

  /** max(0, x). */
  relu(): Tensor {
    return new Tensor(native().relu(this.handle));
  }

  /** ReLU that overwrites this tensor; only where nothing else needs its old values. */
  reluInPlace(): Tensor {
    return new Tensor(native().reluInPlace(this.handle));
  }

  /** x above 0, slope * x below. */
  leakyRelu(slope: number): Tensor {
    return new Tensor(native().leakyRelu(this.handle, slope));
  }

  /** Hyperbolic tangents. */
  tanh(): Tensor {
    return new Tensor(native().tanh(this.handle));
  }

  /** 1 / (1 + exp(-x)). */
  sigmoid(): Tensor {
    return new Tensor(native().sigmoid(this.handle));
  }

  /** Values cut to low … high. */
  clamp(low: number, high: number): Tensor {
    return new Tensor(native().clamp(this.handle, low, high));
  }

  /** The larger of two values each, broadcast. */
  maximum(other: Tensor): Tensor {
    return new Tensor(native().maximum(this.handle, other.handle));
  }

  /** Elementwise, as bool. */
  equal(other: Tensor): Tensor {
    return new Tensor(native().equal(this.handle, other.handle));
  }

  /** Elementwise, as bool. */
  greater(other: Tensor): Tensor {
    return new Tensor(native().greater(this.handle, other.handle));
  }

  // Reductions

  /** Sum over `dims`. */
  sum({ dims = [], keepDims = false }: ReduceOptions = {}): Tensor {
    return new Tensor(native().sum(this.handle, dims, keepDims));
  }

  /** Mean over `dims`. */
  mean({ dims = [], keepDims = false }: ReduceOptions = {}): Tensor {
    return new Tensor(native().mean(this.handle, dims, keepDims));
  }

  /** Variance over `dims`. */
  variance({
    dims = [],
    keepDims = false,
    unbiased = true,
  }: ReduceOptions & { unbiased?: boolean } = {}): Tensor {
    const over = dims.length > 0 ? dims : this.shape.map((_, dim) => dim);
    return new Tensor(native().variance(this.handle, over, unbiased, keepDims));
  }

  /** Largest value over the dimensions. */
  max({ dims = [], keepDims = false }: ReduceOptions = {}): Tensor {
    return new Tensor(native().amax(this.handle, dims, keepDims));
  }

  /** Index of the largest value along `dim`, which is dropped; int64. */
  argmax(dim: number): Tensor {
    return new Tensor(native().argmax(this.handle, dim));
  }

  /**
   * How many values of every two rows are both above zero or both not: [N, ...] -> [N, N], float64. No gradient.
   */
  signAgreement(): Tensor {
    return new Tensor(native().signAgreement(this.handle));
  }

  /** Indices of the `count` largest, in descending order. */
  topk(count: number, dim: number): Tensor {
    return new Tensor(native().topk(this.handle, count, dim));
  }

  /** Euclidean norm over all elements, a scalar. */
  norm(): Tensor {
    return new Tensor(native().norm(this.handle));
  }

  get isFinite(): boolean {
    return native().allFinite(this.handle);
  }

  // Linear algebra and softmax

  /** Matrix product, [..., n, k] x [..., k, m] -> [..., n, m]. */
  matmul(other: Tensor): Tensor {
    return new Tensor(native().matmul(this.handle, other.handle));
  }

  /** Logarithm of `softmax`, without its rounding. */
  logSoftmax(dim: number): Tensor {
    return new Tensor(native().logSoftmax(this.handle, dim));
  }

  /** Probabilities along `dim`: exponentials that sum to 1. */
  softmax(dim: number): Tensor {
    return new Tensor(native().softmax(this.handle, dim));
  }

  // In place, outside the graph: for optimizers and state

  /** Overwrites the values, converted to this type. No gradient. */
  copyFrom(source: Tensor): void {
    native().copyInto(this.handle, source.handle);
  }

  /** this += factor * other */
  addInPlace(other: Tensor, factor = 1): void {
    native().addInPlace(this.handle, other.handle, factor);
  }

  /** Multiplies its own values. No gradient. */
  mulInPlace(factor: number): void {
    native().mulInPlace(this.handle, factor);
  }

  /** this += weight * (target - this) */
  lerpInPlace(target: Tensor, weight: number): void {
    native().lerpInPlace(this.handle, target.handle, weight);
  }

  /** Sets every value. No gradient. */
  fill(value: number): void {
    native().fillInPlace(this.handle, value);
  }
}
