/** Adam (Kingma and Ba 2015) and, with `decoupled`, AdamW (Loshchilov and Hutter 2019). */

import { native, zeros, type Tensor } from "../tensor/index.js";
import type { NamedTensors } from "./module.js";
import { clearGradients, zerosLike, type Optimizer } from "./optimizer.js";

export interface AdamOptions {
  /** Decay of the mean gradient. Default .9. */
  readonly beta1?: number;
  /** Decay of the mean squared gradient. Default .999. */
  readonly beta2?: number;
  /** Added to the root of the mean square. Default 1e-8. */
  readonly epsilon?: number;
  /** Default 0. */
  readonly weightDecay?: number;
  /** AdamW: shrink the parameter itself instead of adding the decay to its gradient. Default false. */
  readonly decoupled?: boolean;
}

export class Adam implements Optimizer {
  readonly #names: readonly string[];
  readonly #parameters: readonly Tensor[];
  readonly #means: readonly Tensor[];
  readonly #squares: readonly Tensor[];
  /** Steps each parameter has taken, int64 [parameters] on the CPU, in the order of the parameters: skipped ones lag behind. */
  readonly #steps: Tensor;
  readonly #options: Required<AdamOptions>;

  constructor(parameters: NamedTensors, options: AdamOptions = {}) {
    const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 0, decoupled = false } = options;
    this.#names = [...parameters.keys()];
    this.#parameters = [...parameters.values()];
    this.#means = zerosLike(this.#parameters);
    this.#squares = zerosLike(this.#parameters);
    this.#steps = zeros([this.#parameters.length], { dtype: "int64", device: "cpu" });
    this.#options = { beta1, beta2, epsilon, weightDecay, decoupled };
  }

  step(rate: number): void {
    const { beta1, beta2, epsilon, weightDecay, decoupled } = this.#options;
    const handles = (tensors: readonly Tensor[]) => tensors.map((tensor) => tensor.handle);
    // The counts live in a tensor alone, so that restoring the state restores them.
    native().adamStep(
      handles(this.#parameters),
      handles(this.#means),
      handles(this.#squares),
      this.#steps.handle,
      rate,
      beta1,
      beta2,
      epsilon,
      weightDecay,
      decoupled,
    );
  }

  zeroGrad(): void {
    clearGradients(this.#parameters);
  }

  state(): NamedTensors {
    const state = new Map([["steps", this.#steps]]);
    for (const [index, name] of this.#names.entries()) {
      state.set(`mean.${name}`, this.#means[index]);
      state.set(`square.${name}`, this.#squares[index]);
    }
    return state;
  }
}
