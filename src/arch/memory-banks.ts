/** Which memory banks of a block hold something. */

import type { Block, Layer } from "./architecture.js";

/**
 * Number of non-empty banks of a valid block before its layer `upToLayer` runs (default: after all layers). Banks fill
 * in order, so the non-empty ones are 0 … this - 1.
 */
export function nonEmptyBanks(block: Block, upToLayer = block.layers.length): number {
  let count = block.inputChannels / block.bankChannels;
  for (const layer of block.layers.slice(0, upToLayer)) {
    count = nonEmptyAfter(layer, count);
  }
  return count;
}

/** Number of non-empty banks after a layer, of `nonEmpty` before it. */
export function nonEmptyAfter({ writes }: Layer, nonEmpty: number): number {
  return Math.max(nonEmpty, writes.at(-1)! + 1);
}

/** Channels of a block's non-empty banks after its last layer: the input of its transition or of the head. */
export function blockChannels(block: Block): number {
  return nonEmptyBanks(block) * block.bankChannels;
}
