/** The encoding c of a cell: one one-hot of the operation for every edge. Edges that carry nothing are "none". */

import { operations, pruneCell, type Cell } from "./cell.js";

/** [edges * operations]: by edge, then operation; 1 where it was chosen, 0 elsewhere. */
export function encodeCell(cell: Cell): Float32Array {
  const data = new Float32Array(cell.length * operations.length);
  for (const [edge, operation] of pruneCell(cell).entries()) {
    data[edge * operations.length + operations.indexOf(operation)] = 1;
  }
  return data;
}
