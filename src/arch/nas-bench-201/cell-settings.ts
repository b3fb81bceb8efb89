/** The settings of the NAS-Bench-201 space: everything about a network but its cell. */

import { checkImages } from "../check-images.js";
import { rejectSettings } from "../invalid.js";
import {
  cellArchitectureVersion,
  mostCells,
  stageCount,
  type CellArchitecture,
} from "./cell-architecture.js";
import type { Cell } from "./cell.js";

/** What a NAS-Bench-201 space is made of; its cells are always the same 15,625. */
export interface CellSettings {
  readonly name: "nas-bench-201";
  /** Of the stem and the first stage. Benchmark: 16. */
  readonly channels: number;
  /** Cells a stage. Benchmark: 5. */
  readonly cells: number;
  /**
   * How training draws cells: "uniform" over all 15,625; "fair" so that every five consecutive steps give every edge
   * each operation once (after Chu et al. 2021).
   */
  readonly sampling: "uniform" | "fair";
  readonly input: { readonly channels: number; readonly size: number };
  readonly classes: number;
}

/** Throws a SmashError ("config") unless every architecture of the space can be built. */
export function checkCellSettings({ channels, cells, input, classes }: CellSettings): void {
  const values = { channels, cells, "input.channels": input.channels, "input.size": input.size };
  for (const [name, value] of Object.entries(values)) {
    if (Number.isInteger(value) && value >= 1) continue;
    rejectSettings(
      `The setting ${name} is a positive integer.`,
      `${name} ${value}.`,
      `Set ${name} to 1 or more.`,
    );
  }
  if (cells > mostCells) {
    rejectSettings(
      `A stage has at most ${mostCells} cells.`,
      `cells ${cells}.`,
      `Set cells to ${mostCells} or less.`,
    );
  }
  checkImages({ input, classes }, { count: stageCount, noun: "stages" });
}

/** The network that these settings and a cell make. */
export function buildCellArchitecture(settings: CellSettings, cell: Cell): CellArchitecture {
  const { input, classes, channels, cells } = settings;
  return { space: "nas-bench-201", version: cellArchitectureVersion, input, classes, channels, cells, cell };
}
