/**
 * What reference networks are built from: lanes, which are stretches of a block's channels that a network treats as one,
 * and plain layers between them.
 *
 * A lane is one memory bank where the space has banks of that size, else the banks of N channels that lie there, read
 * and written together: the same network. Where a network has no place in the space it is still an architecture that can be
 * drawn, counted and trained.
 */

import { architectureVersion } from "../architecture.js";
import type { MemoryBankArchitecture, Block, Convolution, Layer } from "../architecture.js";
import { bankChoices } from "../bank-sizes.js";
import { buildLayer } from "../layer-choices.js";
import { range } from "../numbers.js";
import { blockLimits, completeSettings } from "../space.js";
import type { BlockLimits, CompleteSettings, MemoryBankSettings } from "../space.js";

/** The network whose blocks `build` makes, with the settings' images, stem and order. */
export function assemble(
  settings: MemoryBankSettings,
  build: (complete: CompleteSettings, limits: BlockLimits) => Block,
): MemoryBankArchitecture {
  const complete = completeSettings(settings);
  const { input, classes, stemKernel, activationOrder, batchNorm } = complete;
  return {
    space: "memory-banks",
    version: architectureVersion,
    input,
    classes,
    stem: { kernel: stemKernel },
    activationOrder,
    batchNorm,
    blocks: blockLimits(complete).map((limits) => build(complete, limits)),
  };
}

export interface Lanes {
  readonly bankChannels: number;
  /** The banks of lane `index`; the block's input fills lane 0, which may be wider than the others. */
  readonly banks: (index: number) => number[];
}

/** Whether a block has banks of so many channels that layers can read one by one. */
function hasBanksOf(settings: CompleteSettings, limits: BlockLimits, channels: number): boolean {
  return bankChoices(settings, limits, { slices: limits.sliceBudget }).some(
    ({ bankChannels, readBanks }) => bankChannels === channels && readBanks === 1,
  );
}

/** Whether a layer can read and write all of a block's input. */
export function holdsInput(settings: CompleteSettings, limits: BlockLimits): boolean {
  const { maxUnits, depthCompression } = settings;
  return limits.inputChannels <= maxUnits && limits.inputBanks % depthCompression === 0;
}

/** Lanes of `channels` channels behind the block's input. */
export function planLanes(settings: CompleteSettings, limits: BlockLimits, channels: number): Lanes {
  const bankChannels = hasBanksOf(settings, limits, channels) ? channels : settings.baseChannels;
  const [first, width] = [limits.inputChannels / bankChannels, channels / bankChannels];
  return {
    bankChannels,
    banks: (index) =>
      index === 0 ? range(0, first - 1) : range(first + (index - 1) * width, first + index * width - 1),
  };
}

/** Convolutions of the space's smallest kernel at these places, without dilation and groups. */
function plainConvolutions(
  { kernel, activations }: CompleteSettings,
  positions: readonly number[],
): Convolution[] {
  const activation = activations.includes("relu") ? "relu" : activations[0];
  return positions.map((position) => ({
    position,
    kernel: [kernel, kernel],
    dilation: [1, 1],
    groups: 1,
    activation,
  }));
}

export interface PlainLayer extends Pick<Layer, "reads" | "writes"> {
  readonly bankChannels: number;
  /** Default: one convolution. */
  readonly positions?: readonly number[];
}

/** A layer whose units are exactly the channels it writes. */
export function plainLayer(settings: CompleteSettings, choices: PlainLayer): Layer {
  const { reads, writes, bankChannels, positions = [0] } = choices;
  const units = writes.length * bankChannels;
  const convolutions = plainConvolutions(settings, positions);
  return buildLayer(settings, bankChannels, { reads, writes, units, convolutions, gates: [] });
}
