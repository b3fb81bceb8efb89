/** Architectures of all spaces: what can be asked of one without the settings it was sampled by. */

import { describeValue, valueAt } from "../errors.js";
import type { MemoryBankArchitecture } from "./architecture.js";
import { countMemoryBankCost, type Cost } from "./cost.js";
import { drawMemoryBanks, type DrawOptions } from "./draw.js";
import { countCellCost } from "./nas-bench-201/cell-cost.js";
import { cellFunction } from "./nas-bench-201/cell-function.js";
import { parseCellArchitecture, type CellArchitecture } from "./nas-bench-201/cell-architecture.js";
import { invalid } from "./invalid.js";
import { drawCell } from "./nas-bench-201/draw-cell.js";
import { parseMemoryBanks } from "./parse.js";

/** An architecture of either search space as plain, versioned JSON; `space` tells which. */
export type Architecture = MemoryBankArchitecture | CellArchitecture;

/** Checks parsed JSON and returns it as an architecture; throws a SmashError ("architecture") that names the field. */
export function parseArchitecture(json: unknown): Architecture {
  const space = valueAt(json, ["space"]);
  switch (space) {
    case "memory-banks":
      return parseMemoryBanks(json);
    case "nas-bench-201":
      return parseCellArchitecture(json);
    default:
      throw invalid("space", {
        rule: 'names the search space: "memory-banks" or "nas-bench-201".',
        found: `${describeValue(space)}.`,
        fix: "give an architecture that `smash arch sample` wrote, or correct the field.",
      });
  }
}

/** Trainable parameters and multiply-adds of the resulting network. */
export function countCost(architecture: Architecture): Cost {
  return architecture.space === "nas-bench-201"
    ? countCellCost(architecture)
    : countMemoryBankCost(architecture);
}

/**
 * Text that is equal for architectures of one space which compute the same whatever their weights are. It knows cells
 * written in different ways; of memory banks it is the architecture itself.
 */
export function functionKey(architecture: Architecture): string {
  return architecture.space === "nas-bench-201"
    ? cellFunction(architecture.cell)
    : JSON.stringify(architecture.blocks);
}

/** A self-contained SVG of a valid architecture; a cell's heading is its own. */
export function drawArchitecture(architecture: Architecture, options?: DrawOptions): string {
  return architecture.space === "nas-bench-201"
    ? drawCell(architecture)
    : drawMemoryBanks(architecture, options);
}
