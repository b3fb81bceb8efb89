/** A fully connected layer. */

import { defaultDevice, linear, zeros, type Device, type DType, type Tensor } from "../tensor/index.js";
import { orthogonal, type InitOptions } from "./init.js";
import type { Module, NamedTensors } from "./module.js";

export interface LinearOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Of the first weights; the bias starts at zero. */
  readonly seed: number;
  /** Default true. */
  readonly bias?: boolean;
  /** Default orthogonal. */
  readonly init?: (shape: readonly number[], seed: number, options: InitOptions) => Tensor;
  readonly device?: Device;
  readonly dtype?: DType;
}

export class Linear implements Module {
  /** [outputs, inputs] */
  readonly weight: Tensor;
  /** [outputs] */
  readonly bias: Tensor | undefined;

  constructor(options: LinearOptions) {
    const { inputs, outputs, seed, bias = true, init = orthogonal } = options;
    const { device = defaultDevice(), dtype = "float32" } = options;
    this.weight = init([outputs, inputs], seed, { device, dtype }).requireGrad();
    this.bias = bias ? zeros([outputs], { device, dtype }).requireGrad() : undefined;
  }

  /** [N, inputs] -> [N, outputs] */
  forward(x: Tensor): Tensor {
    return linear(x, this.weight, this.bias);
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
