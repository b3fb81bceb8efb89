/** Batch normalisation over the channels of [N, C, H, W] (Ioffe and Szegedy 2015). */

import {
  defaultDevice,
  batchNorm,
  ones,
  zeros,
  type Device,
  type DType,
  type Tensor,
} from "../tensor/index.js";
import type { Module, NamedTensors } from "./module.js";

/**
 * Which statistics normalise: "train" the batch's, and the running ones move towards them; "batch" the batch's, and the
 * running ones stay; "running" the running ones.
 */
export type NormalizationMode = "train" | "batch" | "running";

export interface BatchNorm2dOptions {
  readonly channels: number;
  /** Weight of a new batch in the running statistics. Default .1. */
  readonly momentum?: number;
  /** Added to the variance. Default 1e-5. */
  readonly epsilon?: number;
  readonly device?: Device;
  readonly dtype?: DType;
}

export class BatchNorm2d implements Module {
  /** All [C]. */
  readonly weight: Tensor;
  readonly bias: Tensor;
  readonly runningMean: Tensor;
  /** With Bessel's correction, unlike the variance the batch is normalised by. */
  readonly runningVariance: Tensor;
  readonly #momentum: number;
  readonly #epsilon: number;

  constructor(options: BatchNorm2dOptions) {
    const { channels, momentum = 0.1, epsilon = 1e-5, device = defaultDevice(), dtype = "float32" } = options;
    this.weight = ones([channels], { device, dtype }).requireGrad();
    this.bias = zeros([channels], { device, dtype }).requireGrad();
    this.runningMean = zeros([channels], { device, dtype });
    this.runningVariance = ones([channels], { device, dtype });
    this.#momentum = momentum;
    this.#epsilon = epsilon;
  }

  /** [N, C, H, W] -> the same shape */
  forward(x: Tensor, mode: NormalizationMode): Tensor {
    const { weight, bias, runningMean, runningVariance } = this;
    const running = mode === "batch" ? {} : { mean: runningMean, variance: runningVariance };
    return batchNorm(x, {
      weight,
      bias,
      ...running,
      training: mode !== "running",
      momentum: this.#momentum,
      epsilon: this.#epsilon,
    });
  }

  parameters(): NamedTensors {
    return new Map([
      ["weight", this.weight],
      ["bias", this.bias],
    ]);
  }

  buffers(): NamedTensors {
    return new Map([
      ["runningMean", this.runningMean],
      ["runningVariance", this.runningVariance],
    ]);
  }
}
