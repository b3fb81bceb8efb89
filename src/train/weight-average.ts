/**
 * An exponential moving average of a network's weights (Polyak and Juditsky 1992; with a decay, Szegedy et al. 2016): a
 * network of its own, better than the trained one while the learning rate is still high.
 *
 * BatchNorm's running statistics are averaged by the same rule: they belong to the weights of the same steps, and no pass
 * over images is needed to have them. The decay rises to its value over the first steps, so that the first weights, which
 * are random, do not stay in a short training's average.
 */

import { createNetwork, type TrainableNetwork } from "../network/index.js";
import { joinNamed, loadState, type Module, type NamedTensors } from "../nn/index.js";
import { noGrad } from "../tensor/index.js";

/** Of step `step`, from 0. */
export function averageDecay(decay: number, step: number): number {
  return Math.min(decay, (1 + step) / (10 + step));
}

/** The live weights and running statistics: "parameters.…" and "buffers.…". */
export function networkState(network: Module): NamedTensors {
  return joinNamed({ parameters: network.parameters(), buffers: network.buffers() });
}

export class WeightAverage {
  /** Holds the average. */
  readonly network: TrainableNetwork;
  readonly #trained: TrainableNetwork;
  readonly #decay: number;

  /** Starts from the weights that `trained` has. */
  constructor(trained: TrainableNetwork, decay: number) {
    const [{ device, dtype }] = trained.parameters().values();
    this.network = createNetwork(trained.architecture, { seed: 0, device, dtype });
    this.#trained = trained;
    this.#decay = decay;
    noGrad(() => loadState(networkState(this.network), networkState(trained)));
  }

  /** average += (1 - decay) * (weights - average), after step `step`, from 0. */
  update(step: number): void {
    const weight = 1 - averageDecay(this.#decay, step);
    const trained = networkState(this.#trained);
    noGrad(() => {
      for (const [name, average] of networkState(this.network))
        average.lerpInPlace(trained.get(name)!, weight);
    });
  }
}
