/**
 * The random choices of one layer (SMASH section 5), shared by sampling, which makes all of them, and perturbing, which
 * makes some again.
 *
 * Probabilities: slices read uniform; banks uniform without replacement; units uniform or, in version 2, near the
 * channels read; the number of banks written falls by a factor of e with every further bank, as in the author's code.
 */

import type { Random } from "../random.js";
import type { Layer } from "./architecture.js";
import type { BlockBanks } from "./bank-sizes.js";
import { range } from "./numbers.js";
import { bottleneckChannels } from "./space.js";
import type { CompleteSettings } from "./space.js";

/** What the layers before have left of a block. */
export interface LayerRoom {
  readonly banks: BlockBanks;
  readonly nonEmpty: number;
  /** Slices of the block's budget that the layer may read. */
  readonly slices: number;
}

/** The most a layer may read, counted in the fewest banks that can be read. */
export function mostReads({ banks: { readBanks, readSlices }, nonEmpty, slices }: LayerRoom): number {
  return Math.min(Math.floor(slices / readSlices), Math.floor(nonEmpty / readBanks));
}

/** Another one of the options, or the current one where there is no other. */
export function drawOther<T>(random: Random, options: readonly T[], current: T): T {
  const others = options.filter((option) => option !== current);
  return others.length > 0 ? random.choice(others) : current;
}

/** The units a layer may have: whole banks, as many as the block has room for. */
export function unitChoices(settings: CompleteSettings, { bankChannels, maxBanks }: BlockBanks): number[] {
  const most = Math.min(Math.floor(settings.maxUnits / bankChannels), maxBanks);
  return range(1, most).map((count) => count * bankChannels);
}

/** One of these units for a layer that reads `inputs` channels: any, or more likely one near the inputs. */
export function drawUnits(
  settings: CompleteSettings,
  random: Random,
  { options, inputs }: { readonly options: readonly number[]; readonly inputs: number },
): number {
  const { unitSampling, baseChannels } = settings;
  if (unitSampling === "uniform") return random.choice(options);
  const weights = options.map((units) => 1 / (0.01 + (10 * Math.abs(units - inputs)) / baseChannels));
  return options[random.weighted(weights)];
}

export interface WriteCountOptions {
  readonly nonEmpty: number;
  /** Banks the layer's units fill: at least so many are written. */
  readonly outputBanks: number;
  /** A count that is not wanted again, unless it is the only one. */
  readonly avoid?: number;
}

/** Number of banks written: from those the units fill to half of the non-empty ones, more likely few. */
export function drawWriteCount(random: Random, { nonEmpty, outputBanks, avoid }: WriteCountOptions): number {
  const counts = range(outputBanks, Math.max(Math.floor(nonEmpty / 2), outputBanks));
  const others = counts.filter((count) => count !== avoid);
  const options = others.length > 0 ? others : counts;
  // Relative to the first one, so that the largest weight is 1 and never underflows.
  return options[random.weighted(options.map((count) => Math.exp(options[0] - count)))];
}

export interface TargetOptions {
  readonly count: number;
  readonly nonEmpty: number;
  readonly maxBanks: number;
}

/** Banks that a layer writing `count` of them may write: the non-empty ones and as many of the next empty ones. */
export function targetChoices({ count, nonEmpty, maxBanks }: TargetOptions): number[] {
  return range(0, Math.min(nonEmpty + count, maxBanks) - 1);
}

/** The same number of banks, ascending, with the empty ones among them moved down so that none is skipped. */
export function fillInOrder(banks: readonly number[], nonEmpty: number): number[] {
  const ascending = banks.toSorted((a, b) => a - b);
  const filled = ascending.filter((bank) => bank < nonEmpty);
  return ascending.map((bank, index) => (bank < nonEmpty ? bank : nonEmpty + index - filled.length));
}

/** The layer with these choices: its bottleneck follows from what it reads and gives. */
export function buildLayer(
  settings: CompleteSettings,
  bankChannels: number,
  { reads, writes, units, convolutions, gates }: Omit<Layer, "bottleneck">,
): Layer {
  const bottleneck = bottleneckChannels(settings, reads.length * bankChannels, units);
  return { reads, writes, units, bottleneck, convolutions, gates };
}
