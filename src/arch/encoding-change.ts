/**
 * The encoding c of an architecture of any space, and how much of it another architecture changes.
 *
 * Limit: encodings of memory-bank architectures differ in length. A change is told on the columns of the architecture it
 * starts from, layer by layer; that a layer gets more or fewer columns is not part of it.
 */

import { SmashError } from "../errors.js";
import type { Architecture } from "./any-architecture.js";
import type { MemoryBankArchitecture } from "./architecture.js";
import { encodeArchitecture } from "./encode.js";
import { requireMemoryBanks } from "./memory-bank-space.js";
import { cellEdges, operations, type Cell } from "./nas-bench-201/cell.js";
import { encodeCell } from "./nas-bench-201/encode-cell.js";
import type { SpaceSettings } from "./search-space.js";

/** The encoding c of an architecture, as a tensor takes it. */
export interface Encoding {
  /** [C, k, L] of memory banks, [edges * operations] of a cell. */
  readonly shape: readonly number[];
  /** Row-major. */
  readonly data: Float32Array;
}

/** The encoding c of an architecture of either space. Throws a SmashError ("architecture") for an architecture of another space. */
export function encode(architecture: Architecture, settings: SpaceSettings): Encoding {
  if (architecture.space === "nas-bench-201") {
    return { shape: [cellEdges.length * operations.length], data: encodeCell(architecture.cell) };
  }
  const { channels, height, length, data } = encodeArchitecture(
    architecture,
    requireMemoryBanks(settings, "This encoding"),
  );
  return { shape: [channels, height, length], data };
}

/**
 * What `to` changes in the encoding of `from`, in its shape. Both have the same number of layers in every block, as a
 * perturbation and its origin have.
 */
export function encodingChange(from: Architecture, to: Architecture, settings: SpaceSettings): Encoding {
  if (from.space === "nas-bench-201" && to.space === "nas-bench-201") return cellChange(from.cell, to.cell);
  if (from.space === "memory-banks" && to.space === "memory-banks") {
    return memoryBankChange(from, to, settings);
  }
  throw new TypeError("two architectures of different spaces");
}

function cellChange(from: Cell, to: Cell): Encoding {
  const [before, data] = [encodeCell(from), encodeCell(to)];
  for (const [feature, value] of before.entries()) data[feature] -= value;
  return { shape: [data.length], data };
}

function memoryBankChange(
  from: MemoryBankArchitecture,
  to: MemoryBankArchitecture,
  settings: SpaceSettings,
): Encoding {
  const banks = requireMemoryBanks(settings, "This encoding");
  const [before, after] = [from, to].map((architecture) => encodeArchitecture(architecture, banks));
  const layerCounts = ({ blocks }: MemoryBankArchitecture) => blocks.map(({ layers }) => layers.length);
  if (String(layerCounts(from)) !== String(layerCounts(to))) {
    throw new SmashError("architecture", {
      rule: "A change of the encoding is between architectures with the same number of layers in every block.",
      found: `${layerCounts(from).join(", ")} and ${layerCounts(to).join(", ")} layers.`,
      fix: "compare an architecture with a perturbation of it.",
    });
  }
  const { channels, height, length } = before;
  const data = new Float32Array(before.data.length);
  for (const [index, { start, end }] of before.layers.entries()) {
    // All columns of a layer say the same.
    const other = after.layers[index].start;
    for (let row = 0; row < channels * height; row++) {
      const change = after.data[row * after.length + other] - before.data[row * length + start];
      if (change !== 0) data.fill(change, row * length + start, row * length + end);
    }
  }
  return { shape: [channels, height, length], data };
}
