/**
 * The network that a search results in: an architecture with weights of its own, all trained normally (SMASH section 4).
 *
 * "standard" normalisation has a BatchNorm before the 1x1 and before every other convolution of an op, as in the paper;
 * "smash" only those of the SMASH network, so that generated weights can be loaded and compared.
 */

import { listSites, type MemoryBankArchitecture, type Site } from "../arch/index.js";
import type { NamedTensors } from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import type { NetworkOptions } from "./network-options.js";
import { runNetwork, type RunOptions } from "./run-network.js";
import { SiteTensors } from "./site-tensors.js";
import type { BatchNormStatistics } from "./statistics.js";
import type { TrainableNetwork } from "./trainable-network.js";
import type { WeightSource } from "./weight-source.js";

/** What a `ResultingNetwork` is made from. */
export interface ResultingNetworkOptions extends NetworkOptions {
  /** Default "standard". */
  readonly normalization?: "standard" | "smash";
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
  readonly #tensors: SiteTensors;

  constructor(
    architecture: MemoryBankArchitecture,
    { normalization = "standard", ...options }: ResultingNetworkOptions,
  ) {
    this.architecture = architecture;
    this.#sites = listSites(architecture);
    this.#isStandard = normalization === "standard";
    this.#tensors = new SiteTensors({ ...options, stream: "resulting-network" });
    for (const site of this.#sites) {
      const normalizedChannels = this.#hasBatchNorm(site) ? site.normalizedChannels : undefined;
      this.#tensors.add(siteName(site), { ...site, normalizedChannels }, { weight: true });
    }
  }

  /** Trainable tensors by name. */
  parameters(): NamedTensors {
    return this.#tensors.parameters();
  }

  /** Running statistics of the BatchNorms. */
  buffers(): NamedTensors {
    return this.#tensors.buffers();
  }

  /** The weights as the forward pass takes them. */
  source(statistics: BatchNormStatistics): WeightSource {
    return {
      ...this.#tensors.source(this.#sites.map(siteName), { statistics }),
      hasBatchNorm: (site) => this.#hasBatchNorm(site),
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
