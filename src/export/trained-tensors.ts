/** What graphs take out of a trained network: weights in float64, and BatchNorms as scale and shift. */

import type { TrainableNetwork } from "../network/index.js";
import type { Tensor } from "../tensor/index.js";
import { affine, linear, type Linear, type Value, type Weights } from "./graph.js";

/** Added to the variance, as `batchNorm` does by default. */
const epsilon = 1e-5;

export class TrainedTensors {
  readonly #parameters: ReadonlyMap<string, Tensor>;
  readonly #buffers: ReadonlyMap<string, Tensor>;

  constructor(network: TrainableNetwork) {
    this.#parameters = network.parameters();
    this.#buffers = network.buffers();
  }

  weights(site: string): Weights {
    const tensor = this.#parameters.get(`${site}.weight`)!;
    return { shape: tensor.shape, data: toFloat64(tensor) };
  }

  /** The fully connected layer of the head. */
  linear(site: string, input: Value): Linear {
    const bias = toFloat64(this.#parameters.get(`${site}.bias`)!);
    return linear(input, { name: site, weights: this.weights(site), bias });
  }

  /** The site's BatchNorm with its running statistics; the value itself where the site has none. */
  normalize(site: string, x: Value): Value {
    const name = `${site}.norm`;
    const gain = this.#parameters.get(`${name}.weight`);
    if (!gain) return x;
    const [weight, bias] = [toFloat64(gain), toFloat64(this.#parameters.get(`${name}.bias`)!)];
    const mean = toFloat64(this.#buffers.get(`${name}.mean`)!);
    const variance = toFloat64(this.#buffers.get(`${name}.variance`)!);
    const scale = weight.map((value, channel) => value / Math.sqrt(variance[channel] + epsilon));
    return affine(x, {
      name,
      scale,
      shift: bias.map((value, channel) => value - mean[channel] * scale[channel]),
    });
  }
}

function toFloat64(tensor: Tensor): Float64Array {
  return Float64Array.from(tensor.toNumbers());
}
