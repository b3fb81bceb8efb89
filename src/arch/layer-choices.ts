/**
 * The random choices of one layer (SMASH section 5), shared by sampling, which makes all of them, and perturbing, which
 * makes some again.
 *
 * Probabilities: slices read, units and dilation uniform; banks uniform without replacement; the number of banks written
 * falls by a factor of e with every further bank, as in the author's code.
 */

import type { Random } from "../random.js";
import type { Layer } from "./architecture.js";
import { bottleneckChannels } from "./space.js";
import type { SpaceSettings } from "./space.js";

/** Integers low … high. */
export function range(low: number, high: number): number[] {
  return Array.from({ length: Math.max(high - low + 1, 0) }, (_, index) => low + index);
}

/** The units a layer may have: multiples of N, as long as the block has banks to hold them. */
export function unitChoices(settings: SpaceSettings, maxBanks: number): number[] {
  const { baseChannels, maxUnits } = settings;
  return range(1, Math.min(maxUnits / baseChannels, maxBanks)).map((count) => count * baseChannels);
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

/** What is chosen of a version 1 layer; the rest follows. */
export interface LayerChoices {
  readonly reads: readonly number[];
  readonly writes: readonly number[];
  readonly units: number;
  readonly dilation: number;
}

/** The layer with these choices: its bottleneck follows from what it reads and gives, its convolution is one kernel. */
export function buildLayer(settings: SpaceSettings, choices: LayerChoices): Layer {
  const { reads, writes, units, dilation } = choices;
  const { baseChannels, kernel } = settings;
  return {
    reads,
    writes,
    units,
    bottleneck: bottleneckChannels(settings, reads.length * baseChannels, units),
    convolutions: [
      {
        position: 0,
        kernel: [kernel, kernel],
        dilation: [dilation, dilation],
        groups: 1,
        activation: "relu",
      },
    ],
    gates: [],
  };
}
