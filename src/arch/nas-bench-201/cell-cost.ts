/** Size and work of a cell network, counted from its sites. */

import type { Cost } from "../cost.js";
import type { CellArchitecture } from "./cell-architecture.js";
import { listCellSites } from "./cell-sites.js";

export function countCellCost(architecture: CellArchitecture): Cost {
  let parameters = 0;
  let flops = 0;
  for (const site of listCellSites(architecture)) {
    const weights = site.shape.reduce((product, length) => product * length, 1);
    const bias = site.kind === "head" ? site.shape[0] : 0;
    parameters += weights + bias + 2 * (site.normalizedChannels ?? 0);
    flops += weights * site.outputSize ** 2;
  }
  return { parameters, flops };
}
