/** The tensors of a cell network by name, and weights from them. */

import { cellSiteName, type CellSite } from "../arch/index.js";
import { orthogonal, type NamedTensors } from "../nn/index.js";
import { Random } from "../random.js";
import { ones, zeros, type Device, type DType, type Tensor } from "../tensor/index.js";
import type { BatchNormStatistics } from "./statistics.js";
import type { SiteWeights } from "./weight-source.js";

export interface CellTensorsOptions {
  readonly seed: number;
  /** Name of the random stream of first values. */
  readonly stream: string;
  readonly device?: Device;
  readonly dtype?: DType;
}

/** Weights and BatchNorm statistics of networks of cells, by name. */
export class CellTensors {
  readonly #parameters = new Map<string, Tensor>();
  readonly #buffers = new Map<string, Tensor>();
  readonly #options: CellTensorsOptions;

  constructor(options: CellTensorsOptions) {
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
  add(site: CellSite, { weight }: { readonly weight: boolean }): void {
    const { seed, stream, device = "cpu", dtype = "float32" } = this.#options;
    const place = { device, dtype };
    const name = cellSiteName(site);
    if (weight) {
      const values = orthogonal(site.shape, Random.stream(seed, stream, name).seed(), place);
      this.#parameters.set(`${name}.weight`, values.requireGrad());
      if (site.kind === "head")
        this.#parameters.set(`${name}.bias`, zeros([site.shape[0]], place).requireGrad());
    }
    if (site.normalizedChannels === undefined) return;
    const shape = [site.normalizedChannels];
    this.#parameters.set(`${name}.norm.weight`, ones(shape, place).requireGrad());
    this.#parameters.set(`${name}.norm.bias`, zeros(shape, place).requireGrad());
    this.#buffers.set(`${name}.norm.mean`, zeros(shape, place));
    this.#buffers.set(`${name}.norm.variance`, ones(shape, place));
  }

  /** Weights of the sites; those in `generated`, by position, come from there. */
  source(
    sites: readonly CellSite[],
    {
      statistics,
      generated,
    }: {
      readonly statistics: BatchNormStatistics;
      readonly generated?: ReadonlyMap<number, Tensor>;
    },
  ): SiteWeights {
    const names = sites.map(cellSiteName);
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
