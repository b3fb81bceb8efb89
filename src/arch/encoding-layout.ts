/**
 * Which channel of the encoding says what (SMASH section 3.3 and appendix). The order is fixed; a choice that has only
 * one option in these settings says nothing and gets no channels.
 */

import { axisChoices, groupChoices, kernelChoices, positionChoices } from "./convolution-choices.js";
import type { Axis } from "./convolution-choices.js";
import { blockCount, blockLimits, completeSettings } from "./space.js";
import type { MemoryBankSettings } from "./space.js";

export type EncodedChoice =
  | "reads"
  | "writes"
  | "block"
  | "units"
  | "dilation"
  | "kernel"
  | "active"
  | "gates"
  | "activation"
  | "groups";

/** Channels `start` … `end - 1`. */
export interface ChannelRange {
  readonly name: EncodedChoice;
  readonly start: number;
  readonly end: number;
  /** The convolution that is described, by its place in the 2x2 array; left out where there is only one. */
  readonly position?: number;
  /** Left out where height and width are equal. */
  readonly axis?: Axis;
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

type Choice = Omit<ChannelRange, "start" | "end"> & { readonly size: number };

/**
 * The layout of every encoding of a space: read bits and write bits (one for every N channels of the widest block), then
 * one-hots of the block and of the units in steps of N; of every convolution one-hots of dilation and kernel on each
 * axis; which convolutions are active and which junctions are gates; one-hots of every convolution's nonlinearity and groups.
 */
export function encodingLayout(settings: MemoryBankSettings): EncodingLayout {
  const complete = completeSettings(settings);
  const banks = Math.max(...blockLimits(settings).map((limits) => limits.maxBanks));
  const height = settings.maxUnits / settings.baseChannels;
  const places = positionChoices(complete);
  const positions = places.length > 1 ? places.map((position) => ({ position })) : [{}];
  const axes = axisChoices(complete);
  const axesApart = axes.length > 1 ? axes.map(([axis]) => ({ axis })) : [{}];
  const sides = positions.flatMap((position) => axesApart.map((axis) => ({ ...position, ...axis })));
  const choices: readonly Choice[] = [
    { name: "reads", size: banks },
    { name: "writes", size: banks },
    { name: "block", size: blockCount },
    { name: "units", size: height },
    ...sides.map((side) => ({ name: "dilation" as const, size: settings.maxDilation, ...side })),
    ...sides.map((side) => ({ name: "kernel" as const, size: kernelChoices(complete).length, ...side })),
    { name: "active", size: places.length },
    { name: "gates", size: complete.gates ? 2 : 1 },
    ...positions.map((at) => ({ name: "activation" as const, size: complete.activations.length, ...at })),
    ...positions.map((at) => ({ name: "groups" as const, size: groupChoices(complete).length, ...at })),
  ];
  const ranges: ChannelRange[] = [];
  let channels = 0;
  for (const { size, ...choice } of choices) {
    if (size === 1) continue;
    ranges.push({ ...choice, start: channels, end: channels + size });
    channels += size;
  }
  return { channels, height, columnChannels: settings.baseChannels * settings.depthCompression, ranges };
}
