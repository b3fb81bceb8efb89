export {
  defaultDevice,
  memoryStats,
  native,
  load as loadEngine,
  resolveDevice,
  setDefaultDevice,
  setThreads,
} from "./engine.js";
export type { Device, MemoryStats } from "./engine.js";
export { mapFile } from "./map-file.js";
export type { DType } from "./native-ops.js";
export { Tensor } from "./tensor.js";
export type { ReduceOptions, Shape, TypedArray } from "./tensor.js";
export { arange, bernoulli, empty, eye, fromArray, full, normal, ones, uniform, zeros } from "./create.js";
export { noGrad, scope } from "./scope.js";
export {
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
  normReluPool2d,
  orthogonalBasis,
  sameConv2d,
  stack,
  where,
} from "./ops.js";
export type { AffineBatchNorm, BatchNormOptions, ConvOptions, Pair, PoolOptions } from "./ops.js";
export { BankBuffer } from "./banks.js";
export type { LayerStep } from "./banks.js";
export { Recording } from "./recording.js";
export { isKernel, profile } from "./profile.js";
export type { ProfiledOperator } from "./profile.js";
export { denseBlock, generatedWeights, sliceWeights } from "./weights.js";
export type { BrickSize, GeneratedWeight } from "./weights.js";
