/** The tensors of a network by the names of its sites, and weights from them. */

import { orthogonal, type NamedTensors } from "../nn/index.js";
import { Random } from "../random.js";
import { defaultDevice, ones, zeros, type Tensor } from "../tensor/index.js";
import type { NetworkOptions } from "./network-options.js";
import type { BatchNormStatistics } from "./statistics.js";
import type { SiteWeights } from "./weight-source.js";

export interface SiteTensorsOptions extends NetworkOptions {
  /** Name of the random stream of first values. */
  readonly stream: string;
}

/** What a site needs. */
export interface SiteShape {
  /** Of the weight, outputs first. */
  readonly shape: readonly number[];
  readonly bias: boolean;
  /** Of its BatchNorm; none where undefined. */
  readonly normalizedChannels: number | undefined;
}

/** Weights and BatchNorm statistics, by name. */
export class SiteTensors {
  readonly #parameters = new Map<string, Tensor>();
  readonly #buffers = new Map<string, Tensor>();
  readonly #options: SiteTensorsOptions;

  constructor(options: SiteTensorsOptions) {
    this.#options = options;
  }

  /** Trainable tensors. */
  parameters(): NamedTensors {
    return this.#parameters;
  }

  /** Running statistics of the BatchNorms. */
  buffers(): NamedTensors {
    return this.#buffers;
  }

  /** Makes a site's tensors; without `weight` only those of its BatchNorm. */
  add(name: string, site: SiteShape, { weight }: { readonly weight: boolean }): void {
    const { seed, stream, device = defaultDevice(), dtype = "float32" } = this.#options;
    const place = { device, dtype };
    if (weight) {
      const values = orthogonal(site.shape, Random.stream(seed, stream, name).seed(), place);
      this.#parameters.set(`${name}.weight`, values.requireGrad());
      if (site.bias) this.#parameters.set(`${name}.bias`, zeros([site.shape[0]], place).requireGrad());
    }
    if (site.normalizedChannels === undefined) return;
    const shape = [site.normalizedChannels];
    this.#parameters.set(`${name}.norm.weight`, ones(shape, place).requireGrad());
    this.#parameters.set(`${name}.norm.bias`, zeros(shape, place).requireGrad());
    this.#buffers.set(`${name}.norm.mean`, zeros(shape, place));
    this.#buffers.set(`${name}.norm.variance`, ones(shape, place));
  }

  /** Weights of the sites of these names; those in `generated`, by position, come from there. */
  source(
    names: readonly string[],
    {
      statistics,
      generated,
    }: {
      readonly statistics: BatchNormStatistics;
      readonly generated?: ReadonlyMap<number, Tensor>;
    },
  ): SiteWeights {
    const parameter = (name: string) => this.#parameters.get(name)!;
    return {
      weights: (index) => {
        const bias = this.#parameters.get(`${names[index]}.bias`);
        const weight = generated?.get(index) ?? parameter(`${names[index]}.weight`);
        return { weight, ...(bias && { bias }) };
      },
      batchNorm: (index) => {
        const name = `${names[index]}.norm`;
        const running = {
          mean: this.#buffers.get(`${name}.mean`)!,
          variance: this.#buffers.get(`${name}.variance`)!,
        };
        return {
          weight: parameter(`${name}.weight`),
          bias: parameter(`${name}.bias`),
          ...statistics.at(index, running),
        };
      },
    };
  }
}
