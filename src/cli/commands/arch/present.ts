/** Architectures in the contract's JSON and as a table. */

import { countCost } from "../../../arch/index.js";
import type { Architecture } from "../../../arch/index.js";
import { formatCount } from "../../../report/index.js";
import { formatTextTable } from "../../text-table.js";

export interface NamedArchitecture {
  /** A file or a number. */
  readonly name: string;
  readonly architecture: Architecture;
}

const columns = [
  { title: "architecture" },
  { title: "layers", align: "right" },
  { title: "parameters", align: "right" },
  { title: "multiply-adds", align: "right" },
] as const;

/** `{architectures: [{architecture, parameters, flops}]}`. */
export function architecturesJson(architectures: readonly Architecture[]): unknown {
  return {
    architectures: architectures.map((architecture) => ({ architecture, ...countCost(architecture) })),
  };
}

/** One row each; layers are counted by block, 5+7+9. */
export function formatArchitectureTable(architectures: readonly NamedArchitecture[]): string {
  const rows = architectures.map(({ name, architecture }) => {
    const { parameters, flops } = countCost(architecture);
    const layers = architecture.blocks.map((block) => block.layers.length).join("+");
    return [name, layers, formatCount(parameters), formatCount(flops)];
  });
  return formatTextTable(columns, rows);
}
