/**
 * A fractal network (Larsson et al.): columns of 1, 2, 4, … layers in a row side by side, joined wherever their ends
 * meet. Lane t holds what has been joined after t layers of the deepest column; a join is a sum here, and a mean in the
 * original.
 *
 * Every block is one fractal with as many columns (four at most) as its banks and budget allow, and lanes as wide as then
 * possible. Unlike the original, the next block sees the lanes inside as well as the last one.
 */

import type { MemoryBankArchitecture, Block } from "../architecture.js";
import { range } from "../numbers.js";
import type { BlockLimits, CompleteSettings, MemoryBankSettings } from "../space.js";
import { bankChoices } from "../bank-sizes.js";
import { assemble, plainLayer, planLanes } from "./lanes.js";

const maxColumns = 4;

interface FractalSize {
  readonly columns: number;
  /** Channels of a lane. */
  readonly channels: number;
}

/** Layers of all columns, by the lanes that they join. */
function fractalLayers(columns: number): { readonly from: number; readonly to: number }[] {
  const strides = range(0, columns - 1).map((column) => 2 ** column);
  return range(1, 2 ** (columns - 1)).flatMap((to) =>
    strides.filter((stride) => to % stride === 0).map((stride) => ({ from: to - stride, to })),
  );
}

/** Widths a lane can have, widest first. */
function laneWidths(settings: CompleteSettings, limits: BlockLimits): number[] {
  const { baseChannels, maxUnits, depthCompression, bankSizes } = settings;
  const slice = baseChannels * depthCompression;
  const widths =
    bankSizes === "varied"
      ? bankChoices(settings, limits, { slices: limits.sliceBudget })
          .filter(({ readBanks }) => readBanks === 1)
          .map(({ bankChannels }) => bankChannels)
      : range(1, Math.floor(maxUnits / slice)).map((count) => count * slice);
  return widths.reverse();
}

function fits({ columns, channels }: FractalSize, limits: BlockLimits): boolean {
  const { inputChannels, maxChannels, channelBudget } = limits;
  const layers = fractalLayers(columns);
  const read = layers.reduce((sum, { from }) => sum + (from === 0 ? inputChannels : channels), 0);
  return inputChannels + 2 ** (columns - 1) * channels <= maxChannels && read <= channelBudget;
}

function chooseSize(settings: CompleteSettings, limits: BlockLimits): FractalSize {
  const widths = laneWidths(settings, limits);
  const sizes = range(2, maxColumns)
    .reverse()
    .flatMap((columns) => widths.map((channels) => ({ columns, channels })));
  const smallest = { columns: 2, channels: settings.baseChannels * settings.depthCompression };
  return sizes.find((size) => fits(size, limits)) ?? smallest;
}

function fractalBlock(settings: CompleteSettings, limits: BlockLimits): Block {
  const { inputChannels } = limits;
  const { columns, channels } = chooseSize(settings, limits);
  const { bankChannels, banks } = planLanes(settings, limits, channels);
  const layers = fractalLayers(columns).map(({ from, to }) =>
    plainLayer(settings, { reads: banks(from), writes: banks(to), bankChannels }),
  );
  return { bankChannels, inputChannels, layers };
}

export function fractalNet(settings: MemoryBankSettings): MemoryBankArchitecture {
  return assemble(settings, fractalBlock);
}
