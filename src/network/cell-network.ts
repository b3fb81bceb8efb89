/** A network of the NAS-Bench-201 space with weights of its own, all trained normally. */

import { listCellSites, type CellArchitecture, type CellSite } from "../arch/index.js";
import type { NamedTensors } from "../nn/index.js";
import type { Device, DType, Tensor } from "../tensor/index.js";
import { CellTensors } from "./cell-tensors.js";
import { runCells } from "./run-cells.js";
import type { RunOptions } from "./run-network.js";
import type { BatchNormStatistics } from "./statistics.js";
import type { TrainableNetwork } from "./trainable-network.js";
import type { SiteWeights } from "./weight-source.js";

/** Where a `CellNetwork` lives and what it starts from. */
export interface CellNetworkOptions {
  readonly seed: number;
  readonly device?: Device;
  readonly dtype?: DType;
}

/** A network of cells with weights of its own, trained normally. */
export class CellNetwork implements TrainableNetwork {
  readonly architecture: CellArchitecture;
  readonly #sites: readonly CellSite[];
  readonly #tensors: CellTensors;

  constructor(architecture: CellArchitecture, options: CellNetworkOptions) {
    this.architecture = architecture;
    this.#sites = listCellSites(architecture);
    this.#tensors = new CellTensors({ ...options, stream: "resulting-network" });
    for (const site of this.#sites) this.#tensors.add(site, { weight: true });
  }

  parameters(): NamedTensors {
    return this.#tensors.parameters();
  }

  buffers(): NamedTensors {
    return this.#tensors.buffers();
  }

  /** Weights of `listCellSites`. */
  source(statistics: BatchNormStatistics): SiteWeights {
    return this.#tensors.source(this.#sites, { statistics });
  }

  forward(images: Tensor, options: RunOptions & { readonly statistics: BatchNormStatistics }): Tensor {
    return runCells(this.architecture, this.source(options.statistics), images, options);
  }
}
