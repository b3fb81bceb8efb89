/** Stochastic gradient descent with momentum; weight decay is added to the gradient. */

import { native, type Tensor } from "../tensor/index.js";
import type { NamedTensors } from "./module.js";
import { clearGradients, zerosLike, type Optimizer } from "./optimizer.js";

export interface SgdOptions {
  /** Default .9. */
  readonly momentum?: number;
  /** Look ahead along the momentum (Sutskever et al. 2013). Default true. */
  readonly nesterov?: boolean;
  /** Default 0. */
  readonly weightDecay?: number;
}

export class Sgd implements Optimizer {
  readonly #names: readonly string[];
  readonly #parameters: readonly Tensor[];
  readonly #velocities: readonly Tensor[];
  readonly #options: Required<SgdOptions>;

  constructor(parameters: NamedTensors, options: SgdOptions = {}) {
    const { momentum = 0.9, nesterov = true, weightDecay = 0 } = options;
    this.#names = [...parameters.keys()];
    this.#parameters = [...parameters.values()];
    this.#velocities = zerosLike(this.#parameters);
    this.#options = { momentum, nesterov, weightDecay };
  }

  step(rate: number): void {
    const { momentum, nesterov, weightDecay } = this.#options;
    native().sgdStep(
      this.#parameters.map((parameter) => parameter.handle),
      this.#velocities.map((velocity) => velocity.handle),
      rate,
      momentum,
      weightDecay,
      nesterov,
    );
  }

  zeroGrad(): void {
    clearGradients(this.#parameters);
  }

  state(): NamedTensors {
    return new Map(this.#names.map((name, index) => [`velocity.${name}`, this.#velocities[index]]));
  }
}
