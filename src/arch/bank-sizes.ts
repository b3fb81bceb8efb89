/** The memory banks of one block at one bank size: how many there are, and in which steps layers read them. */

import type { Layer } from "./architecture.js";
import { range } from "./numbers.js";
import type { BlockLimits, CompleteSettings } from "./space.js";

export interface BlockBanks {
  /** Channels of a bank in units of N. */
  readonly multiple: number;
  readonly bankChannels: number;
  /** Banks filled by the block's input. */
  readonly inputBanks: number;
  /** Most banks. */
  readonly maxBanks: number;
  /** Layers read multiples of so many banks: the fewest that fill whole slices of N*D channels. */
  readonly readBanks: number;
  /** The slices that `readBanks` banks fill. */
  readonly readSlices: number;
}

function greatestDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestDivisor(b, a % b);
}

/** The banks of a block when each has `multiple` * N channels. */
export function blockBanks(settings: CompleteSettings, limits: BlockLimits, multiple: number): BlockBanks {
  const { baseChannels, depthCompression } = settings;
  const readBanks = depthCompression / greatestDivisor(depthCompression, multiple);
  return {
    multiple,
    bankChannels: multiple * baseChannels,
    inputBanks: limits.inputBanks / multiple,
    maxBanks: Math.floor(limits.maxBanks / multiple),
    readBanks,
    readSlices: (readBanks * multiple) / depthCompression,
  };
}

/** Slices of N*D channels that a layer reads from such banks. */
export function slicesRead({ reads }: Layer, { readBanks, readSlices }: BlockBanks): number {
  return (reads.length / readBanks) * readSlices;
}

/**
 * The bank sizes a block may have if its layers read `slices` in all: the input fills whole banks, and enough of them
 * for `layers` layers to read. Never empty for settings that `checkSpaceSettings` accepts, as long as there is a slice
 * for every layer.
 */
export function bankChoices(
  settings: CompleteSettings,
  limits: BlockLimits,
  { slices, layers = 1 }: { readonly slices: number; readonly layers?: number },
): BlockBanks[] {
  const { bankSizes, maxUnits, baseChannels } = settings;
  const most = bankSizes === "base" ? 1 : maxUnits / baseChannels;
  return range(1, most)
    .filter((multiple) => limits.inputBanks % multiple === 0)
    .map((multiple) => blockBanks(settings, limits, multiple))
    .filter((banks) => banks.readBanks <= banks.inputBanks && layers * banks.readSlices <= slices);
}
