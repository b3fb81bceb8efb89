/**
 * Which channel of the encoding says what (SMASH section 3.3 and appendix). The order is fixed; a choice that has only
 * one option in these settings says nothing and gets no channels.
 */

import { blockCount, blockLimits } from "./space.js";
import type { SpaceSettings } from "./space.js";

export type EncodedChoice = "reads" | "writes" | "block" | "units" | "dilation";

/** Channels `start` … `end - 1`. */
export interface ChannelRange {
  readonly name: EncodedChoice;
  readonly start: number;
  readonly end: number;
}

export interface EncodingLayout {
  /** C: all channels together. */
  readonly channels: number;
  /** k: rows, one for every N units. */
  readonly height: number;
  /** N*D: input channels of a layer that one column stands for. */
  readonly columnChannels: number;
  readonly ranges: readonly ChannelRange[];
}

/**
 * The layout of every encoding of a space: read bits and write bits (one per bank of the block that has most), then
 * one-hots of the block, the units in steps of N, and the dilation (one set: height and width are equal in version 1).
 */
export function encodingLayout(settings: SpaceSettings): EncodingLayout {
  const banks = Math.max(...blockLimits(settings).map((limits) => limits.maxBanks));
  const height = settings.maxUnits / settings.baseChannels;
  const sizes: readonly (readonly [EncodedChoice, number])[] = [
    ["reads", banks],
    ["writes", banks],
    ["block", blockCount],
    ["units", height],
    ["dilation", settings.maxDilation],
  ];
  const ranges: ChannelRange[] = [];
  let channels = 0;
  for (const [name, size] of sizes) {
    if (size === 1) continue;
    ranges.push({ name, start: channels, end: channels + size });
    channels += size;
  }
  return { channels, height, columnChannels: settings.baseChannels * settings.depthCompression, ranges };
}
