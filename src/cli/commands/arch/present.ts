/** Architectures in the contract's JSON and as a table. */

import { countCost, formatCell } from "../../../arch/index.js";
import type { Architecture } from "../../../arch/index.js";
import { formatCount, formatTextTable } from "../../../report/index.js";

export interface NamedArchitecture {
  /** A file or a number. */
  readonly name: string;
  readonly architecture: Architecture;
}

const columns = [
  { title: "architecture" },
  { title: "layers or cell", align: "right" },
  { title: "parameters", align: "right" },
  { title: "multiply-adds", align: "right" },
] as const;

/** `{architectures: [{architecture, parameters, flops}]}`. */
export function architecturesJson(architectures: readonly Architecture[]): unknown {
  return {
    architectures: architectures.map((architecture) => ({ architecture, ...countCost(architecture) })),
  };
}

/** One row each. */
export function formatArchitectureTable(architectures: readonly NamedArchitecture[]): string {
  const rows = architectures.map(({ name, architecture }) => {
    const { parameters, flops } = countCost(architecture);
    return [name, describe(architecture), formatCount(parameters), formatCount(flops)];
  });
  return formatTextTable(columns, rows);
}

/** Layers by block, 5+7+9; or the cell in its notation. */
function describe(architecture: Architecture): string {
  if (architecture.space === "nas-bench-201") return formatCell(architecture.cell);
  return architecture.blocks.map((block) => block.layers.length).join("+");
}
