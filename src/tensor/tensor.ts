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

export type Shape = readonly number[];
export type TypedArray = Float32Array | Float64Array | BigInt64Array | Int32Array | Uint8Array;

export interface ReduceOptions {
  /** Dimensions to reduce; all when left out. */
  readonly dims?: readonly number[];
  /** Keep reduced dimensions with size 1. */
  readonly keepDims?: boolean;
}

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

  to(target: { readonly dtype?: DType; readonly device?: Device }): Tensor {
    return new Tensor(native().to(this.handle, target.dtype ?? this.dtype, target.device ?? this.device));
  }

  clone(): Tensor {
    return new Tensor(native().clone(this.handle));
  }

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

  reshape(shape: Shape): Tensor {
    return new Tensor(native().reshape(this.handle, shape));
  }

  permute(dims: readonly number[]): Tensor {
    return new Tensor(native().permute(this.handle, dims));
  }

  transpose(first: number, second: number): Tensor {
    return new Tensor(native().transpose(this.handle, first, second));
  }

  narrow(dim: number, start: number, length: number): Tensor {
    return new Tensor(native().narrow(this.handle, dim, start, length));
  }

  split(sizes: readonly number[], dim: number): Tensor[] {
    return native()
      .split(this.handle, sizes, dim)
      .map((handle) => new Tensor(handle));
  }

  indexSelect(dim: number, index: Tensor): Tensor {
    return new Tensor(native().indexSelect(this.handle, dim, index.handle));
  }

  /** Pads with `value`; amounts are [before, after] of the last dimension, then of the one before it, and so on. */
  pad(amounts: readonly number[], value = 0): Tensor {
    return new Tensor(native().pad(this.handle, amounts, value));
  }

  expand(shape: Shape): Tensor {
    return new Tensor(native().expand(this.handle, shape));
  }

  flip(dims: readonly number[]): Tensor {
    return new Tensor(native().flip(this.handle, dims));
  }

  // Elementwise, with broadcasting

  add(other: Tensor | number): Tensor {
    return new Tensor(
      typeof other === "number"
        ? native().addScalar(this.handle, other)
        : native().add(this.handle, other.handle),
    );
  }

  sub(other: Tensor | number): Tensor {
    return new Tensor(
      typeof other === "number"
        ? native().addScalar(this.handle, -other)
        : native().sub(this.handle, other.handle),
    );
  }

  mul(other: Tensor | number): Tensor {
    return new Tensor(
      typeof other === "number"
        ? native().mulScalar(this.handle, other)
        : native().mul(this.handle, other.handle),
    );
  }

  div(other: Tensor | number): Tensor {
    return new Tensor(
      typeof other === "number"
        ? native().mulScalar(this.handle, 1 / other)
        : native().div(this.handle, other.handle),
    );
  }

  pow(exponent: number): Tensor {
    return new Tensor(native().powScalar(this.handle, exponent));
  }

  neg(): Tensor {
    return new Tensor(native().neg(this.handle));
  }

  abs(): Tensor {
    return new Tensor(native().abs(this.handle));
  }

  exp(): Tensor {
    return new Tensor(native().exp(this.handle));
  }

  log(): Tensor {
    return new Tensor(native().log(this.handle));
  }

  sqrt(): Tensor {
    return new Tensor(native().sqrt(this.handle));
  }

  relu(): Tensor {
    return new Tensor(native().relu(this.handle));
  }

  /** ReLU that overwrites this tensor; only where nothing else needs its old values. */
  reluInPlace(): Tensor {
    return new Tensor(native().reluInPlace(this.handle));
  }

  leakyRelu(slope: number): Tensor {
    return new Tensor(native().leakyRelu(this.handle, slope));
  }

  tanh(): Tensor {
    return new Tensor(native().tanh(this.handle));
  }

  sigmoid(): Tensor {
    return new Tensor(native().sigmoid(this.handle));
  }

  clamp(low: number, high: number): Tensor {
    return new Tensor(native().clamp(this.handle, low, high));
  }

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

  sum({ dims = [], keepDims = false }: ReduceOptions = {}): Tensor {
    return new Tensor(native().sum(this.handle, dims, keepDims));
  }

  mean({ dims = [], keepDims = false }: ReduceOptions = {}): Tensor {
    return new Tensor(native().mean(this.handle, dims, keepDims));
  }

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

  argmax(dim: number): Tensor {
    return new Tensor(native().argmax(this.handle, dim));
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

  matmul(other: Tensor): Tensor {
    return new Tensor(native().matmul(this.handle, other.handle));
  }

  logSoftmax(dim: number): Tensor {
    return new Tensor(native().logSoftmax(this.handle, dim));
  }

  softmax(dim: number): Tensor {
    return new Tensor(native().softmax(this.handle, dim));
  }

  // In place, outside the graph: for optimizers and state

  copyFrom(source: Tensor): void {
    native().copyInto(this.handle, source.handle);
  }

  /** this += factor * other */
  addInPlace(other: Tensor, factor = 1): void {
    native().addInPlace(this.handle, other.handle, factor);
  }

  mulInPlace(factor: number): void {
    native().mulInPlace(this.handle, factor);
  }

  /** this += weight * (target - this) */
  lerpInPlace(target: Tensor, weight: number): void {
    native().lerpInPlace(this.handle, target.handle, weight);
  }

  fill(value: number): void {
    native().fillInPlace(this.handle, value);
  }
}
