/**
 * What a training loop asks of an optimizer.
 *
 * A parameter without a gradient is skipped, with its state: shared weights that this step's architecture does not use
 * stay as they are. For different weight decays (none for BatchNorm, say) make two optimizers over disjoint parameters.
 */

import { native, noGrad, scope, type Tensor } from "../tensor/index.js";
import type { NamedTensors } from "./module.js";

export interface Optimizer {
  /** Moves every parameter that has a gradient, at this learning rate. */
  step(rate: number): void;
  /** Drops the gradients; parameters that the next backward pass does not reach then have none. */
  zeroGrad(): void;
  /** The live state, for checkpoints: restore it with `loadState(optimizer.state(), saved)`. */
  state(): NamedTensors;
}

/** A zero for every parameter, in its type and memory layout, which the one-pass step needs. */
export function zerosLike(parameters: readonly Tensor[]): Tensor[] {
  return noGrad(() =>
    parameters.map((parameter) => {
      const zero = scope(() => parameter.detach().clone());
      zero.fill(0);
      return zero;
    }),
  );
}

export function clearGradients(parameters: readonly Tensor[]): void {
  native().clearGrads(parameters.map((parameter) => parameter.handle));
}
