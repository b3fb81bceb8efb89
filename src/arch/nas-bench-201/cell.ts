/**
 * A cell of NAS-Bench-201 (Dong and Yang 2020): nodes 0 … 3, an edge with one operation between every two of them, node
 * 0 the input and node 3 the output. A node is the sum of its edges.
 *
 * Notation, as published: one group of edges a node, "operation~source", joined by "+", groups joined by "|".
 */

import { nearestName } from "../../nearest.js";
import { invalid } from "../invalid.js";

export const operations = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"] as const;
/** What an edge of a cell computes, by the names of the published table. */
export type Operation = (typeof operations)[number];

/** An edge of a cell, by the numbers of its nodes: 0 is the input, 3 the output. */
export interface Edge {
  readonly source: number;
  /** Greater than `source`. */
  readonly target: number;
}

/** Nodes that have incoming edges. */
const targets = [1, 2, 3] as const;
export const outputNode = 3;

/** The edges in the order of the notation: by target, then by source. */
export const cellEdges: readonly Edge[] = targets.flatMap((target) =>
  Array.from({ length: target }, (_, source) => ({ source, target })),
);

/** One operation for every edge of `cellEdges`. */
export type Cell = readonly Operation[];

/** 5^6. */
export const cellCount = operations.length ** cellEdges.length;

/**
 * Writes a cell as "nor_conv_3x3~0|none~0+skip_connect~1|avg_pool_3x3~0+none~1+nor_conv_1x1~2": a part for each node, and
 * in it the operation of each edge with the number of its source.
 */
export function formatCell(cell: Cell): string {
  return targets
    .map((target) =>
      cellEdges
        .flatMap((edge, index) => (edge.target === target ? [`${cell[index]}~${edge.source}`] : []))
        .join("+"),
    )
    .join("|");
}

/**
 * Reads the notation of `formatCell`, and the benchmark's own, which swaps the two separators and adds bars around
 * groups. Throws a SmashError ("architecture") that names what is wrong.
 */
export function parseCell(notation: string): Cell {
  const parts = notation.trim().split(/[|+]+/).filter(Boolean);
  if (parts.length !== cellEdges.length) {
    throw invalid("cell", {
      rule: `a cell has ${cellEdges.length} edges, each "operation~source".`,
      found: `${parts.length} in "${notation}".`,
      fix: 'write it like "none~0|none~0+none~1|none~0+none~1+none~2".',
    });
  }
  return parts.map((part, index) => {
    const [name, source] = part.split("~");
    const operation = operations.find((candidate) => candidate === name);
    if (!operation) throw unknownOperation(name);
    const { source: expected, target } = cellEdges[index];
    if (source === String(expected)) return operation;
    throw invalid("cell", {
      rule: `edge ${index + 1} leads from node ${expected} to node ${target}.`,
      found: `"${part}".`,
      fix: `write "${name}~${expected}"; edges are in the order of target, then source.`,
    });
  });
}

function unknownOperation(name: string): Error {
  const nearest = nearestName(name, operations);
  return invalid("cell", {
    rule: `an operation is one of ${operations.join(", ")}.`,
    found: `"${name}".`,
    fix: nearest ? `did you mean "${nearest}"?` : "use one of these.",
  });
}

/** The cell at this position, 0 … 15,624: the last edge changes fastest. */
export function cellAt(position: number): Cell {
  const digits = position.toString(operations.length).padStart(cellEdges.length, "0");
  return Array.from(digits, (digit) => operations[Number(digit)]);
}

/**
 * The same function of the input with fewer edges: those that carry nothing to the output, because their source has no
 * input or their target does not reach the output, become "none".
 */
export function pruneCell(cell: Cell): Cell {
  const isReached = [true, false, false, false];
  const reachesOutput = [false, false, false, true];
  // Edges are ordered by target, so one pass forwards and one backwards suffice.
  for (const [index, { source, target }] of cellEdges.entries()) {
    if (cell[index] !== "none" && isReached[source]) isReached[target] = true;
  }
  for (const [index, { source, target }] of [...cellEdges.entries()].reverse()) {
    if (cell[index] !== "none" && reachesOutput[target]) reachesOutput[source] = true;
  }
  return cell.map((operation, index) => {
    const { source, target } = cellEdges[index];
    return isReached[source] && reachesOutput[target] ? operation : "none";
  });
}
