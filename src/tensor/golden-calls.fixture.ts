/** How each operation of test/goldens is called through the public API, by the name of the native operation. */

import {
  avgPool2d,
  batchNorm,
  cat,
  conv1d,
  conv2d,
  conv3d,
  crossEntropy,
  crossEntropySum,
  globalAvgPool2d,
  layerNorm,
  linear,
  maxPool2d,
  nllLoss,
  stack,
  where,
  type Pair,
  type PoolOptions,
  type Tensor,
} from "./index.js";

export type Inputs = Readonly<Record<string, Tensor>>;

/** Every option of any case; a case holds those of its operation, but for some that stay at their default. */
export interface CaseOptions extends Required<PoolOptions> {
  readonly value: number;
  readonly exponent: number;
  readonly slope: number;
  readonly low: number;
  readonly high: number;
  readonly factor: number;
  readonly weight: number;
  readonly dim: number;
  readonly dims: readonly number[];
  readonly keepDims: boolean;
  readonly unbiased: boolean;
  readonly count: number;
  readonly first: number;
  readonly second: number;
  readonly start: number;
  readonly length: number;
  readonly shape: readonly number[];
  readonly sizes: readonly number[];
  readonly amounts: readonly number[];
  readonly kernel: Pair;
  readonly countPadding: boolean;
  readonly training: boolean;
  readonly momentum: number;
  readonly epsilon: number;
  readonly smoothing: number;
}

type Call = (inputs: Inputs, options: CaseOptions) => Tensor | Tensor[];

/** Leaves of a graph may not be overwritten; anything computed from them may. */
const intermediate = (x: Tensor) => x.mul(1);

/** The target of an operation in place. */
function changed(x: Tensor, change: (target: Tensor) => void): Tensor {
  const target = x.detach().clone();
  change(target);
  return target;
}

// The options of a convolution case are just those of the function; its inputs may have a bias.
const convolve =
  <Options>(
    conv: (x: Tensor, weight: Tensor, options: Options & { bias: Tensor | undefined }) => Tensor,
  ): Call =>
  ({ x, weight, bias }, options) =>
    conv(x, weight, { ...(options as Options), bias });

export const calls: Readonly<Record<string, Call>> = {
  clone: ({ x }) => x.clone(),
  contiguous: ({ x }) => x.contiguous(),
  channelsLast: ({ x }) => x.channelsLast(),
  reshape: ({ x }, { shape }) => x.reshape(shape),
  permute: ({ x }, { dims }) => x.permute(dims),
  transpose: ({ x }, { first, second }) => x.transpose(first, second),
  narrow: ({ x }, { dim, start, length }) => x.narrow(dim, start, length),
  split: ({ x }, { sizes, dim }) => x.split(sizes, dim),
  cat: ({ a, b }, { dim }) => cat([a, b], dim),
  stack: ({ a, b }, { dim }) => stack([a, b], dim),
  indexSelect: ({ x, index }, { dim }) => x.indexSelect(dim, index),
  pad: ({ x }, { amounts, value }) => x.pad(amounts, value),
  expand: ({ x }, { shape }) => x.expand(shape),
  flip: ({ x }, { dims }) => x.flip(dims),

  add: ({ a, b }) => a.add(b),
  sub: ({ a, b }) => a.sub(b),
  mul: ({ a, b }) => a.mul(b),
  div: ({ a, b }) => a.div(b),
  addScalar: ({ x }, { value }) => x.add(value),
  mulScalar: ({ x }, { value }) => x.mul(value),
  powScalar: ({ x }, { exponent }) => x.pow(exponent),
  neg: ({ x }) => x.neg(),
  abs: ({ x }) => x.abs(),
  exp: ({ x }) => x.exp(),
  log: ({ x }) => x.log(),
  sqrt: ({ x }) => x.sqrt(),
  relu: ({ x }) => x.relu(),
  reluInPlace: ({ x }) => intermediate(x).reluInPlace(),
  leakyRelu: ({ x }, { slope }) => x.leakyRelu(slope),
  tanh: ({ x }) => x.tanh(),
  sigmoid: ({ x }) => x.sigmoid(),
  clamp: ({ x }, { low, high }) => x.clamp(low, high),
  maximum: ({ a, b }) => a.maximum(b),
  where: ({ condition, a, b }) => where(condition, a, b),
  equal: ({ a, b }) => a.equal(b),
  greater: ({ a, b }) => a.greater(b),

  sum: ({ x }, options) => x.sum(options),
  mean: ({ x }, options) => x.mean(options),
  variance: ({ x }, options) => x.variance(options),
  amax: ({ x }, options) => x.max(options),
  argmax: ({ x }, { dim }) => x.argmax(dim),
  topk: ({ x }, { count, dim }) => x.topk(count, dim),
  norm: ({ x }) => x.norm(),
  logSoftmax: ({ x }, { dim }) => x.logSoftmax(dim),
  softmax: ({ x }, { dim }) => x.softmax(dim),

  matmul: ({ a, b }) => a.matmul(b),
  linear: ({ x, weight, bias }) => linear(x, weight, bias),
  conv1d: convolve(conv1d),
  conv2d: convolve(conv2d),
  conv3d: convolve(conv3d),
  avgPool2d: ({ x }, options) => avgPool2d(x, options.kernel, options),
  maxPool2d: ({ x }, options) => maxPool2d(x, options.kernel, options),
  globalAvgPool2d: ({ x }) => globalAvgPool2d(x),
  batchNorm: ({ x, weight, bias, mean, variance }, { training, momentum, epsilon }) =>
    batchNorm(x, { weight, bias, mean, variance, training, momentum, epsilon }),
  layerNorm: ({ x, ...affine }, { shape, epsilon }) => layerNorm(x, shape, { ...affine, epsilon }),

  nllLoss: ({ x, target }) => nllLoss(x, target),
  crossEntropy: ({ x, target }, { smoothing }) => crossEntropy(x, target, { smoothing }),
  crossEntropySum: ({ x, target }) => crossEntropySum(x, target),

  addInPlace: ({ x, other }, { factor }) => changed(x, (target) => target.addInPlace(other, factor)),
  mulInPlace: ({ x }, { factor }) => changed(x, (target) => target.mulInPlace(factor)),
  lerpInPlace: ({ x, other }, { weight }) => changed(x, (target) => target.lerpInPlace(other, weight)),
};

/** Operations without a golden, by the reason. */
const reasons: Readonly<Record<string, readonly string[]>> = {
  "state of the engine, no numerics": ["torchVersion", "cudaDevices", "setThreads", "memoryStats"],
  "the graph itself: every golden with a gradient passes through it": [
    "setGradEnabled",
    "requiresGrad",
    "setRequiresGrad",
    "detach",
    "backward",
    "grad",
    "clearGrads",
  ],
  "creation, conversion and facts: create.test.ts": [
    "empty",
    "full",
    "arange",
    "eye",
    "uniform",
    "normal",
    "bernoulli",
    "fillInPlace",
    "to",
    "copyInto",
    "fromBytes",
    "readBytes",
    "shape",
    "dtype",
    "device",
    "item",
    "isChannelsLast",
    "allFinite",
  ],
  "a file as memory: map-file.test.ts": ["mapFile"],
  "lifetime and plumbing: scope.test.ts, engine.test.ts": [
    "setErrorFactory",
    "beginScope",
    "endScope",
    "dispose",
    "alive",
    "liveTensors",
    "opSignatures",
  ],
  "against the same computation run every time: recording.test.ts": [
    "canRecord",
    "beginRecording",
    "endRecording",
    "abandonRecording",
    "replay",
  ],
  "against plain cat, add and narrow: banks.test.ts": [
    "newBanks",
    "readBanks",
    "writeBanks",
    "convWrite2d",
    "runLayers",
    "runNormLayers",
  ],
  "against libtorch's ops one after the other: kernels.test.ts": [
    "sameConv2d",
    "normReluPool2d",
    "denseBlock",
    "signAgreement",
  ],
  "where time goes: profile.test.ts": ["startProfile", "stopProfile"],
  "against plain narrow, permute and div: weights.test.ts": ["generatedWeights", "sliceWeights"],
  "whole runs against torch.optim: src/nn/optimizer.test.ts": ["adamStep", "sgdStep"],
  "checked by its property: create.test.ts": ["orthogonalBasis"],
};

/** The reason for each of them. */
export const withoutGolden: ReadonlyMap<string, string> = new Map(
  Object.entries(reasons).flatMap(([reason, names]) => names.map((name) => [name, reason] as const)),
);
