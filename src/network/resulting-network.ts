/**
 * The network that a search results in: an architecture with weights of its own, all trained normally (SMASH section 4).
 *
 * "standard" normalisation has a BatchNorm before the 1x1 and before every other convolution of an op, as in the paper;
 * "smash" only those of the SMASH network, so that generated weights can be loaded and compared.
 */

import { listSites, type MemoryBankArchitecture, type Site } from "../arch/index.js";
import { orthogonal, type NamedTensors } from "../nn/index.js";
import { Random } from "../random.js";
import { ones, zeros, type Device, type DType, type Tensor } from "../tensor/index.js";
import { runNetwork, type RunOptions } from "./run-network.js";
import type { BatchNormStatistics } from "./statistics.js";
import type { TrainableNetwork } from "./trainable-network.js";
import type { WeightSource } from "./weight-source.js";

/** What a `ResultingNetwork` is made from. */
export interface ResultingNetworkOptions {
  readonly seed: number;
  /** Default "standard". */
  readonly normalization?: "standard" | "smash";
  readonly device?: Device;
  readonly dtype?: DType;
}

/** `block1.layer3.pointwise`: the prefix of a site's tensors. */
export function siteName(site: Site): string {
  switch (site.kind) {
    case "stem":
    case "head":
      return site.kind;
    case "transition":
      return `transition${site.block}`;
    case "pointwise":
      return `block${site.block}.layer${site.layer}.pointwise`;
    case "convolution":
      return `block${site.block}.layer${site.layer}.convolution${site.position}`;
  }
}

/** A network of memory banks with weights of its own, trained normally (SMASH section 3.3). */
export class ResultingNetwork implements TrainableNetwork {
  readonly architecture: MemoryBankArchitecture;
  readonly #sites: readonly Site[];
  readonly #isStandard: boolean;
  readonly #parameters = new Map<string, Tensor>();
  readonly #buffers = new Map<string, Tensor>();

  constructor(
    architecture: MemoryBankArchitecture,
    { seed, normalization = "standard", device = "cpu", dtype = "float32" }: ResultingNetworkOptions,
  ) {
    this.architecture = architecture;
    this.#sites = listSites(architecture);
    this.#isStandard = normalization === "standard";
    const place = { device, dtype };
    for (const site of this.#sites) {
      const name = siteName(site);
      const weight = orthogonal(site.shape, Random.stream(seed, "resulting-network", name).seed(), place);
      this.#parameters.set(`${name}.weight`, weight.requireGrad());
      if (site.bias) this.#parameters.set(`${name}.bias`, zeros([site.shape[0]], place).requireGrad());
      if (!this.#hasBatchNorm(site)) continue;
      const shape = [site.normalizedChannels!];
      this.#parameters.set(`${name}.norm.weight`, ones(shape, place).requireGrad());
      this.#parameters.set(`${name}.norm.bias`, zeros(shape, place).requireGrad());
      this.#buffers.set(`${name}.norm.mean`, zeros(shape, place));
      this.#buffers.set(`${name}.norm.variance`, ones(shape, place));
    }
  }

  /** Trainable tensors by name. */
  parameters(): NamedTensors {
    return this.#parameters;
  }

  /** Running statistics of the BatchNorms. */
  buffers(): NamedTensors {
    return this.#buffers;
  }

  /** The weights as the forward pass takes them. */
  source(statistics: BatchNormStatistics): WeightSource {
    const names = this.#sites.map(siteName);
    const tensor = (name: string) => this.#parameters.get(name)!;
    return {
      weights: (index) => {
        const bias = this.#parameters.get(`${names[index]}.bias`);
        return { weight: tensor(`${names[index]}.weight`), ...(bias && { bias }) };
      },
      hasBatchNorm: (site) => this.#hasBatchNorm(site),
      batchNorm: (index) => {
        const name = `${names[index]}.norm`;
        const running = {
          mean: this.#buffers.get(`${name}.mean`)!,
          variance: this.#buffers.get(`${name}.variance`)!,
        };
        return {
          weight: tensor(`${name}.weight`),
          bias: tensor(`${name}.bias`),
          ...statistics.at(index, running),
        };
      },
    };
  }

  forward(images: Tensor, options: RunOptions & { readonly statistics: BatchNormStatistics }): Tensor {
    return runNetwork(this.architecture, this.source(options.statistics), images, options);
  }

  #hasBatchNorm(site: Site): boolean {
    if (site.normalizedChannels === undefined) return false;
    if (this.#isStandard || this.architecture.batchNorm === "ops") return true;
    return site.kind === "transition" || site.kind === "head";
  }
}
