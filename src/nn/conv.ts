/** A convolution over [N, C, H, W] with weights of its own; the weight is kept channels-last, as the fast path wants. */

import {
  defaultDevice,
  conv2d,
  scope,
  zeros,
  type ConvOptions,
  type Device,
  type DType,
  type Pair,
  type Tensor,
} from "../tensor/index.js";
import { orthogonal, type InitOptions } from "./init.js";
import type { Module, NamedTensors } from "./module.js";

export interface Conv2dOptions extends Omit<ConvOptions<Pair>, "bias"> {
  readonly inputs: number;
  readonly outputs: number;
  /** Size of the filters. */
  readonly kernel: Pair;
  /** Of the first weights; the bias starts at zero. */
  readonly seed: number;
  /** Default false: a BatchNorm behind it makes a bias superfluous. */
  readonly bias?: boolean;
  /** Default orthogonal. */
  readonly init?: (shape: readonly number[], seed: number, options: InitOptions) => Tensor;
  readonly device?: Device;
  readonly dtype?: DType;
}

export class Conv2d implements Module {
  /** [outputs, inputs / groups, height, width] */
  readonly weight: Tensor;
  /** [outputs] */
  readonly bias: Tensor | undefined;
  readonly #options: Omit<ConvOptions<Pair>, "bias">;

  constructor(options: Conv2dOptions) {
    const { inputs, outputs, kernel, seed, bias = false, init = orthogonal } = options;
    const {
      stride = 1,
      padding = 0,
      dilation = 1,
      groups = 1,
      device = defaultDevice(),
      dtype = "float32",
    } = options;
    const [height, width] = typeof kernel === "number" ? [kernel, kernel] : kernel;
    const shape = [outputs, inputs / groups, height, width];
    this.weight = scope(() => init(shape, seed, { device, dtype }).channelsLast()).requireGrad();
    this.bias = bias ? zeros([outputs], { device, dtype }).requireGrad() : undefined;
    this.#options = { stride, padding, dilation, groups };
  }

  /** [N, inputs, H, W] -> [N, outputs, H', W'] */
  forward(x: Tensor): Tensor {
    return conv2d(x, this.weight, { ...this.#options, bias: this.bias });
  }

  parameters(): NamedTensors {
    const named = new Map([["weight", this.weight]]);
    if (this.bias) named.set("bias", this.bias);
    return named;
  }

  buffers(): NamedTensors {
    return new Map();
  }
}
