/**
 * A SMASH network of the NAS-Bench-201 space: a HyperNet that generates the convolutions of all cells, and freely
 * learned stem, reductions, head and BatchNorms. A BatchNorm inside cells is learned per stage, cell, edge and operation.
 *
 * The networks it runs may have fewer cells a stage than the architecture (`hypernet.cells`) and plainer reductions
 * (`hypernet.reductions`): the less is learned freely, the more a score depends on the cell.
 */

import {
  buildCellArchitecture,
  CellSpace,
  cellEdges,
  cellSiteName,
  listCellSites,
  type Architecture,
  type CellArchitecture,
  type CellSettings,
} from "../arch/index.js";
import { SmashError } from "../errors.js";
import { CellHyperNet, type CellHyperNetSettings } from "../hypernet/index.js";
import { joinNamed, type NamedTensors } from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import { adoptWeights } from "./adopt-weights.js";
import { CellNetwork, cellSiteShape, hasCellSite } from "./cell-network.js";
import type { NetworkOptions } from "./network-options.js";
import { runCells } from "./run-cells.js";
import type { Forward, ForwardOptions, GenerateOptions, SearchNetwork } from "./search-network.js";
import { SiteTensors } from "./site-tensors.js";
import { batchStatistics } from "./statistics.js";
import type { SiteWeights } from "./weight-source.js";

/** What a `CellSearchNetwork` is made from. */
export interface CellSearchNetworkOptions extends NetworkOptions {
  readonly space: CellSettings;
  readonly hypernet: CellHyperNetSettings;
}

/** HyperNet and shared weights for every architecture of NAS-Bench-201. */
export class CellSearchNetwork implements SearchNetwork {
  readonly space: CellSpace;
  readonly hypernet: CellHyperNet;
  readonly free: SiteTensors;
  readonly #options: NetworkOptions;

  /** Throws `SmashError("config")` for bricks that do not fit the channels. */
  constructor({ space, hypernet, ...options }: CellSearchNetworkOptions) {
    this.space = new CellSpace(space);
    this.#options = options;
    if (space.channels % hypernet.brick !== 0) {
      throw new SmashError("config", {
        rule: "hypernet.brick divides space.channels.",
        found: `brick ${hypernet.brick}, channels ${space.channels}.`,
        fix: `set hypernet.brick to ${space.channels}, or space.channels to a multiple of ${hypernet.brick}.`,
      });
    }
    this.hypernet = new CellHyperNet(hypernet, space, options);
    this.free = new SiteTensors({ ...options, stream: "free-weights" });
    // Together these two have every site that any cell has.
    for (const operation of ["nor_conv_3x3", "nor_conv_1x1"] as const) {
      const all = buildCellArchitecture(
        space,
        cellEdges.map(() => operation),
      );
      for (const site of listCellSites(this.shrink(all))) {
        if (!hasCellSite(site, hypernet.reductions)) continue;
        this.free.add(cellSiteName(site), cellSiteShape(site), { weight: !this.hypernet.generates(site) });
      }
    }
  }

  /** The network that is run for an architecture: the same cell, `hypernet.cells` times a stage. */
  shrink(architecture: CellArchitecture): CellArchitecture {
    return { ...architecture, cells: this.hypernet.settings.cells };
  }

  /** Weights of `listCellSites` of a shrunk architecture: one pass of the HyperNet. */
  generate(architecture: CellArchitecture, options: ForwardOptions): SiteWeights {
    const { statistics, noiseSeed, describedAs = architecture, encoding } = options;
    const sites = listCellSites(architecture);
    if (describedAs.space !== "nas-bench-201") throw new TypeError("a description of another space");
    const weights = this.hypernet.generate(architecture, {
      noiseSeed,
      describedAs: describedAs.cell,
      encoding,
    });
    const positions = [...sites.keys()].filter((index) => this.hypernet.generates(sites[index]));
    const generated = new Map<number, Tensor>(positions.map((position, index) => [position, weights[index]]));
    return this.free.source(sites.map(cellSiteName), { statistics, generated });
  }

  forward(architecture: Architecture, options: ForwardOptions): Forward {
    if (architecture.space !== "nas-bench-201") throw new TypeError("an architecture of another space");
    const shrunk = this.shrink(architecture);
    const source = this.generate(shrunk, options);
    const { reductions } = this.hypernet.settings;
    return (images) => runCells(shrunk, source, images, { ...options, reductions });
  }

  instantiate(architecture: Architecture, options: GenerateOptions = {}): CellNetwork {
    if (architecture.space !== "nas-bench-201") throw new TypeError("an architecture of another space");
    const shrunk = this.shrink(architecture);
    const { reductions } = this.hypernet.settings;
    const network = new CellNetwork(shrunk, { ...this.#options, reductions });
    adoptWeights(network.parameters(), listCellSites(shrunk).map(cellSiteName), () =>
      this.generate(shrunk, { ...options, statistics: batchStatistics }),
    );
    return network;
  }

  parameters(): NamedTensors {
    return joinNamed({ hypernet: this.hypernet.parameters(), free: this.free.parameters() });
  }

  buffers(): NamedTensors {
    return joinNamed({ free: this.free.buffers() });
  }
}
