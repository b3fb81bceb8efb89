/** The networks of a space: from settings or an architecture to the class that knows it. */

import type { Architecture, CellSettings, MemoryBankSettings } from "../arch/index.js";
import type { CellHyperNetSettings, HyperNetSettings } from "../hypernet/index.js";
import { CellNetwork } from "./cell-network.js";
import { CellSearchNetwork } from "./cell-search-network.js";
import type { NetworkOptions } from "./network-options.js";
import { ResultingNetwork } from "./resulting-network.js";
import type { SearchNetwork } from "./search-network.js";
import { SmashNetwork } from "./smash-network.js";

/** A space and the settings of a HyperNet for it. */
export type SearchSettings =
  | { readonly space: MemoryBankSettings; readonly hypernet: HyperNetSettings }
  | { readonly space: CellSettings; readonly hypernet: CellHyperNetSettings };

type CellSearchSettings = Extract<SearchSettings, { space: CellSettings }>;

function isOfCells(settings: SearchSettings): settings is CellSearchSettings {
  return settings.space.name === "nas-bench-201";
}

/** A network for every architecture of a space, with an untrained HyperNet. */
export function createSearchNetwork(settings: SearchSettings, options: NetworkOptions): SearchNetwork {
  if (isOfCells(settings)) {
    return new CellSearchNetwork({ space: settings.space, hypernet: settings.hypernet, ...options });
  }
  return new SmashNetwork({ space: settings.space, hypernet: settings.hypernet, ...options });
}

/** The network that a search results in: all weights its own, with the BatchNorms of normal training. */
export function createNetwork(
  architecture: Architecture,
  options: NetworkOptions,
): ResultingNetwork | CellNetwork {
  return architecture.space === "nas-bench-201"
    ? new CellNetwork(architecture, options)
    : new ResultingNetwork(architecture, options);
}
