/**
 * The function of a cell as text: equal for cells that compute the same whatever their weights are, since they differ
 * only in edges that carry nothing, in skip connections, or in the order of what is summed.
 *
 * Limit: average pooling is an operation like any other, though being linear it could be moved past a sum.
 */

import { cellEdges, outputNode, type Cell } from "./cell.js";

/** What a node sums, in a fixed order; the input is "x", an operation on nothing is nothing. */
export function cellFunction(cell: Cell): string {
  const nodes: (readonly string[])[] = [["x"]];
  for (let node = 1; node <= outputNode; node++) {
    const terms = cellEdges.flatMap(({ source, target }, edge) => {
      if (target !== node || cell[edge] === "none") return [];
      const inputs = nodes[source];
      if (cell[edge] === "skip_connect" || inputs.length === 0) return inputs;
      return [`${cell[edge]}(${inputs.join("+")})`];
    });
    nodes.push(terms.sort());
  }
  return nodes[outputNode].join("+");
}
