/** A network of the NAS-Bench-201 space with weights of its own, all trained normally. */

import { cellSiteName, listCellSites, type CellArchitecture, type CellSite } from "../arch/index.js";
import type { NamedTensors } from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import type { NetworkOptions } from "./network-options.js";
import { runCells, type CellRunOptions } from "./run-cells.js";
import type { RunOptions } from "./run-network.js";
import { SiteTensors, type SiteShape } from "./site-tensors.js";
import type { BatchNormStatistics } from "./statistics.js";
import type { TrainableNetwork } from "./trainable-network.js";
import type { SiteWeights } from "./weight-source.js";

/** A bias is the head's alone. */
export function cellSiteShape({ kind, shape, normalizedChannels }: CellSite): SiteShape {
  return { shape, bias: kind === "head", normalizedChannels };
}

type Reductions = NonNullable<CellRunOptions["reductions"]>;

/** Whether the network has the site: plain reductions are a shortcut alone. */
export function hasCellSite(site: CellSite, reductions: Reductions): boolean {
  return reductions !== "shortcut" || site.kind !== "reduction" || site.part === "shortcut";
}

/** What a `CellNetwork` is made from. */
export interface CellNetworkOptions extends NetworkOptions, Pick<CellRunOptions, "reductions"> {}

/** A network of cells with weights of its own, trained normally. */
export class CellNetwork implements TrainableNetwork {
  readonly architecture: CellArchitecture;
  readonly #names: readonly string[];
  readonly #tensors: SiteTensors;
  readonly #reductions: Reductions;

  constructor(architecture: CellArchitecture, { reductions = "residual", ...options }: CellNetworkOptions) {
    this.architecture = architecture;
    const sites = listCellSites(architecture);
    this.#names = sites.map(cellSiteName);
    this.#reductions = reductions;
    this.#tensors = new SiteTensors({ ...options, stream: "resulting-network" });
    for (const [index, site] of sites.entries()) {
      if (!hasCellSite(site, reductions)) continue;
      this.#tensors.add(this.#names[index], cellSiteShape(site), { weight: true });
    }
  }

  parameters(): NamedTensors {
    return this.#tensors.parameters();
  }

  buffers(): NamedTensors {
    return this.#tensors.buffers();
  }

  /** Weights of `listCellSites`. */
  source(statistics: BatchNormStatistics): SiteWeights {
    return this.#tensors.source(this.#names, { statistics });
  }

  forward(images: Tensor, options: RunOptions & { readonly statistics: BatchNormStatistics }): Tensor {
    const reductions = this.#reductions;
    return runCells(this.architecture, this.source(options.statistics), images, { ...options, reductions });
  }
}
