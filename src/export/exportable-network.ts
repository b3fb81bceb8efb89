/** From a trained network of any space to what can be exported. */

import { CellNetwork, type ResultingNetwork } from "../network/index.js";
import { cellNetwork } from "./cell-graph.js";
import { memoryBankNetwork } from "./memory-bank-graph.js";
import type { ExportableNetwork } from "./network-graph.js";

/** A trained network of either space, ready for export. */
export function exportableNetwork(network: ResultingNetwork | CellNetwork): ExportableNetwork {
  return network instanceof CellNetwork ? cellNetwork(network) : memoryBankNetwork(network);
}
