/** Making tensors: from arrays, constant, and random from a seed (the same numbers on every device). */

import { defaultDevice, native, type Device } from "./engine.js";
import type { DType } from "./native-ops.js";
import { Tensor, type Shape, type TypedArray } from "./tensor.js";

export interface CreateOptions {
  /** Default float32. */
  readonly dtype?: DType;
  /** Default: `defaultDevice()`. */
  readonly device?: Device;
}

function arrayDType(data: TypedArray): DType {
  if (data instanceof Float32Array) return "float32";
  if (data instanceof Float64Array) return "float64";
  if (data instanceof BigInt64Array) return "int64";
  if (data instanceof Int32Array) return "int32";
  return "uint8";
}

/** A copy of `data`, row-major. Plain numbers become float32 (or `dtype`). */
export function fromArray(
  data: TypedArray | readonly number[],
  shape: Shape,
  options: CreateOptions = {},
): Tensor {
  const { device = defaultDevice() } = options;
  const typed = Array.isArray(data) ? Float64Array.from(data) : (data as TypedArray);
  const stored = arrayDType(typed);
  const dtype = options.dtype ?? (Array.isArray(data) ? "float32" : stored);
  const handle = native().fromBytes(typed, shape, stored, device);
  if (dtype === stored) return new Tensor(handle);
  const converted = new Tensor(native().to(handle, dtype, device));
  native().dispose(handle);
  return converted;
}

/** Uninitialised memory. */
export function empty(
  shape: Shape,
  { dtype = "float32", device = defaultDevice() }: CreateOptions = {},
): Tensor {
  return new Tensor(native().empty(shape, dtype, device));
}

export function full(
  shape: Shape,
  value: number,
  { dtype = "float32", device = defaultDevice() }: CreateOptions = {},
): Tensor {
  return new Tensor(native().full(shape, value, dtype, device));
}

export function zeros(shape: Shape, options: CreateOptions = {}): Tensor {
  return full(shape, 0, options);
}

export function ones(shape: Shape, options: CreateOptions = {}): Tensor {
  return full(shape, 1, options);
}

/** 0 … count - 1. */
export function arange(
  count: number,
  { dtype = "int64", device = defaultDevice() }: CreateOptions = {},
): Tensor {
  return new Tensor(native().arange(count, dtype, device));
}

/** Identity matrix. */
export function eye(
  size: number,
  { dtype = "float32", device = defaultDevice() }: CreateOptions = {},
): Tensor {
  return new Tensor(native().eye(size, dtype, device));
}

/** Uniform in [low, high). */
export function uniform(
  shape: Shape,
  seed: number,
  {
    low = 0,
    high = 1,
    dtype = "float32",
    device = defaultDevice(),
  }: CreateOptions & { low?: number; high?: number } = {},
): Tensor {
  return new Tensor(native().uniform(shape, low, high, seed, dtype, device));
}

export function normal(
  shape: Shape,
  seed: number,
  {
    mean = 0,
    deviation = 1,
    dtype = "float32",
    device = defaultDevice(),
  }: CreateOptions & { mean?: number; deviation?: number } = {},
): Tensor {
  return new Tensor(native().normal(shape, mean, deviation, seed, dtype, device));
}

/** Ones with this probability, else zeros. */
export function bernoulli(
  shape: Shape,
  seed: number,
  {
    probability = 0.5,
    dtype = "float32",
    device = defaultDevice(),
  }: CreateOptions & { probability?: number } = {},
): Tensor {
  return new Tensor(native().bernoulli(shape, probability, seed, dtype, device));
}
