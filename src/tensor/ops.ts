/** Operations on more than one tensor, or with options: joining, convolution, pooling, normalisation, losses. */

import { native } from "./engine.js";
import { Tensor, type Shape } from "./tensor.js";

/** A size for both axes, or [height, width]. */
export type Pair = number | readonly [number, number];

export function toPair(value: Pair): readonly [number, number] {
  return typeof value === "number" ? [value, value] : value;
}

const handles = (tensors: readonly Tensor[]) => tensors.map((tensor) => tensor.handle);

export function cat(tensors: readonly Tensor[], dim: number): Tensor {
  return new Tensor(native().cat(handles(tensors), dim));
}

export function stack(tensors: readonly Tensor[], dim: number): Tensor {
  return new Tensor(native().stack(handles(tensors), dim));
}

/** `a` where `condition` holds, else `b`. */
export function where(condition: Tensor, a: Tensor, b: Tensor): Tensor {
  return new Tensor(native().where(condition.handle, a.handle, b.handle));
}

/** x [N, I], weight [O, I], bias [O] -> [N, O] */
export function linear(x: Tensor, weight: Tensor, bias?: Tensor): Tensor {
  return new Tensor(native().linear(x.handle, weight.handle, bias?.handle ?? null));
}

export interface ConvOptions<Size> {
  readonly bias?: Tensor | undefined;
  readonly stride?: Size;
  /** Zeros on both sides of each axis. */
  readonly padding?: Size;
  readonly dilation?: Size;
  readonly groups?: number;
}

/** x [N, C, L], weight [O, C / groups, k] */
export function conv1d(x: Tensor, weight: Tensor, options: ConvOptions<number> = {}): Tensor {
  const { bias, stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  return new Tensor(
    native().conv1d(x.handle, weight.handle, bias?.handle ?? null, [stride], [padding], [dilation], groups),
  );
}

/** x [N, C, H, W], weight [O, C / groups, kh, kw] */
export function conv2d(x: Tensor, weight: Tensor, options: ConvOptions<Pair> = {}): Tensor {
  const { bias, stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  return new Tensor(
    native().conv2d(
      x.handle,
      weight.handle,
      bias?.handle ?? null,
      toPair(stride),
      toPair(padding),
      toPair(dilation),
      groups,
    ),
  );
}

export interface SameConvOptions {
  readonly dilation?: Pair;
  readonly groups?: number;
  /** Whether a ReLU comes before the convolution; it costs no pass of its own. */
  readonly relu?: boolean;
  /** Whether factors are rounded to bfloat16 where the processor is faster then; sums stay float32. Default false. */
  readonly bfloat16?: boolean;
}

/**
 * A convolution that keeps height and width: x [N, C, H, W], weight [O, C / groups, kh, kw] with odd kernels ->
 * [N, O, H, W], channels-last and of the type of x, to which the weight is rounded. Fast for shapes that were never seen
 * before, which `conv2d` is not.
 */
export function sameConv2d(x: Tensor, weight: Tensor, options: SameConvOptions = {}): Tensor {
  const { dilation = 1, groups = 1, relu = false, bfloat16 = false } = options;
  return new Tensor(native().sameConv2d(x.handle, weight.handle, toPair(dilation), groups, relu, bfloat16));
}

type Triple = number | readonly [number, number, number];
const toTriple = (value: Triple) => (typeof value === "number" ? [value, value, value] : value);

/** x [N, C, D, H, W], weight [O, C / groups, kd, kh, kw] */
export function conv3d(x: Tensor, weight: Tensor, options: ConvOptions<Triple> = {}): Tensor {
  const { bias, stride = 1, padding = 0, dilation = 1, groups = 1 } = options;
  return new Tensor(
    native().conv3d(
      x.handle,
      weight.handle,
      bias?.handle ?? null,
      toTriple(stride),
      toTriple(padding),
      toTriple(dilation),
      groups,
    ),
  );
}

export interface PoolOptions {
  /** Default: the kernel's size. */
  readonly stride?: Pair;
  readonly padding?: Pair;
}

/** x [N, C, H, W]; padding counts as zeros in the mean unless `countPadding` is false. */
export function avgPool2d(
  x: Tensor,
  kernel: Pair,
  options: PoolOptions & { countPadding?: boolean } = {},
): Tensor {
  const { stride = kernel, padding = 0, countPadding = true } = options;
  return new Tensor(
    native().avgPool2d(x.handle, toPair(kernel), toPair(stride), toPair(padding), countPadding),
  );
}

export function maxPool2d(
  x: Tensor,
  kernel: Pair,
  { stride = kernel, padding = 0 }: PoolOptions = {},
): Tensor {
  return new Tensor(native().maxPool2d(x.handle, toPair(kernel), toPair(stride), toPair(padding)));
}

/** Mean over every position: [N, C, H, W] -> [N, C] */
export function globalAvgPool2d(x: Tensor): Tensor {
  return x.mean({ dims: [2, 3] });
}

/** Scale, shift and statistics of `batchNorm`. */
export interface BatchNormOptions {
  readonly weight?: Tensor | undefined;
  readonly bias?: Tensor | undefined;
  /** Running statistics [C]; updated in place when `training`. Without them the batch's own are used. */
  readonly mean?: Tensor | undefined;
  readonly variance?: Tensor | undefined;
  /** Normalise by the batch's statistics. */
  readonly training: boolean;
  /** Weight of the new batch in the running statistics; default .1. */
  readonly momentum?: number;
  /** Default 1e-5. */
  readonly epsilon?: number;
}

/** x [N, C, ...], all else [C] */
export function batchNorm(x: Tensor, options: BatchNormOptions): Tensor {
  const { weight, bias, mean, variance, training, momentum = 0.1, epsilon = 1e-5 } = options;
  return new Tensor(
    native().batchNorm(
      x.handle,
      weight?.handle ?? null,
      bias?.handle ?? null,
      mean?.handle ?? null,
      variance?.handle ?? null,
      training,
      momentum,
      epsilon,
    ),
  );
}

/** A BatchNorm with weight and bias, as `normReluPool2d` takes it. */
export type AffineBatchNorm = BatchNormOptions & { readonly weight: Tensor; readonly bias: Tensor };

/**
 * BatchNorm, ReLU, then the mean of every `pool` x `pool` window, or of the whole image: x [N, C, H, W] ->
 * [N, C, H / pool, W / pool], channels-last. Pixels that do not fill a window only count in the statistics.
 */
export function normReluPool2d(
  x: Tensor,
  { weight, bias, mean, variance, training, momentum = 0.1, epsilon = 1e-5 }: AffineBatchNorm,
  pool: number | "global",
): Tensor {
  return new Tensor(
    native().normReluPool2d(
      x.handle,
      weight.handle,
      bias.handle,
      mean?.handle ?? null,
      variance?.handle ?? null,
      training,
      momentum,
      epsilon,
      pool === "global" ? 0 : pool,
    ),
  );
}

/** Normalises over the last dimensions, whose shape is given. */
export function layerNorm(
  x: Tensor,
  shape: Shape,
  { weight, bias, epsilon = 1e-5 }: { weight?: Tensor; bias?: Tensor; epsilon?: number } = {},
): Tensor {
  return new Tensor(
    native().layerNorm(x.handle, shape, weight?.handle ?? null, bias?.handle ?? null, epsilon),
  );
}

/** Mean negative log-likelihood: log-probabilities [N, K], classes [N] as int64. */
export function nllLoss(logProbabilities: Tensor, target: Tensor): Tensor {
  return new Tensor(native().nllLoss(logProbabilities.handle, target.handle));
}

/** Mean cross-entropy in nats: logits [N, K], classes [N] as int64. */
export function crossEntropy(logits: Tensor, target: Tensor, { smoothing = 0 } = {}): Tensor {
  return new Tensor(native().crossEntropy(logits.handle, target.handle, smoothing));
}

/** Cross-entropy summed over the batch: for means over several batches. */
export function crossEntropySum(logits: Tensor, target: Tensor): Tensor {
  return new Tensor(native().crossEntropySum(logits.handle, target.handle));
}

/** An orthonormal basis of the columns of a tall matrix [m, n], m >= n (QR with a fixed sign). */
export function orthogonalBasis(x: Tensor): Tensor {
  return new Tensor(native().orthogonalBasis(x.handle));
}
