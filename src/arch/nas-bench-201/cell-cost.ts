/** Size and work of a cell network, counted from its sites. */

import { sumCost, type Cost } from "../cost.js";
import type { CellArchitecture } from "./cell-architecture.js";
import { listCellSites } from "./cell-sites.js";

export function countCellCost(architecture: CellArchitecture): Cost {
  return sumCost(listCellSites(architecture));
}
