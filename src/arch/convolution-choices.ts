/**
 * What a layer's 2x2 array of convolutions may be (SMASH section 5): which places are taken, and of each convolution
 * kernel, dilation, groups and nonlinearity. All uniform except the places, whose probabilities are those of the
 * author's code.
 */

import type { Random } from "../random.js";
import type { Convolution, Layer } from "./architecture.js";
import { range } from "./numbers.js";
import type { CompleteSettings } from "./space.js";

/** Widest stretch of pixels one convolution may see: dilation * (kernel - 1) + 1 (SMASH section 5). */
export const maxExtent = 9;

/** Places that may be taken together, and how likely each set is. */
export const positionSets: readonly {
  readonly positions: readonly number[];
  readonly probability: number;
}[] = [
  { positions: [0], probability: 0.05 },
  { positions: [0, 2], probability: 0.1 },
  { positions: [0, 1], probability: 0.15 },
  { positions: [0, 1, 2], probability: 0.25 },
  { positions: [0, 1, 2, 3], probability: 0.45 },
];

/** The places a convolution of this space may take. */
export function positionChoices({ convolutions }: CompleteSettings): readonly number[] {
  return convolutions === "single" ? [0] : [0, 1, 2, 3];
}

export type Axis = "height" | "width";

/** What is drawn once for each: both axes together, or each apart. */
export function axisChoices({ axes }: CompleteSettings): readonly (readonly Axis[])[] {
  return axes === "square" ? [["height", "width"]] : [["height"], ["width"]];
}

/** Kernel sizes, ascending; those above `most` only if there is no other. */
export function kernelChoices({ kernel, maxKernel }: CompleteSettings, most = maxKernel): readonly number[] {
  const last = Math.max(Math.min(maxKernel, most), kernel);
  return range(0, (last - kernel) / 2).map((step) => kernel + 2 * step);
}

/** Dilations of a kernel of this size; a single pixel has none. */
export function dilationChoices({ maxDilation }: CompleteSettings, kernel: number): readonly number[] {
  return range(1, kernel === 1 ? 1 : Math.min(maxDilation, Math.floor((maxExtent - 1) / (kernel - 1))));
}

/** Every dilation (height, width) a convolution of the space may have. */
export function dilationPairs(settings: CompleteSettings): readonly (readonly [number, number])[] {
  const all = kernelChoices(settings).flatMap((kernel) => dilationChoices(settings, kernel));
  const dilations = [...new Set(all)].toSorted((one, other) => one - other);
  return settings.axes === "square"
    ? dilations.map((dilation) => [dilation, dilation] as const)
    : dilations.flatMap((height) => dilations.map((width) => [height, width] as const));
}

/** Divisors of N, which divide the channels of every convolution. */
export function groupChoices({ baseChannels, maxGroups }: CompleteSettings): readonly number[] {
  return range(1, Math.min(maxGroups, baseChannels)).filter((groups) => baseChannels % groups === 0);
}

/** Junctions of two paths that can be gates: with one convolution on each, both meet only at the end. */
export function gateChoices({ gates }: CompleteSettings, positions: readonly number[]): readonly number[] {
  if (!gates || !positions.includes(2)) return [];
  return positions.includes(1) ? [0, 1] : [1];
}

/** One of the options; the only one is no draw, so that version 1 draws what it always did. */
function draw<T>(random: Random, options: readonly T[]): T {
  return options.length === 1 ? options[0] : random.choice(options);
}

/** A convolution for this place. `maxKernel`: largest kernel for now, default the space's. */
export function drawConvolution(
  settings: CompleteSettings,
  random: Random,
  { position, maxKernel }: { readonly position: number; readonly maxKernel?: number | undefined },
): Convolution {
  const kernels = kernelChoices(settings, maxKernel);
  const sizes = axisChoices(settings).map(() => draw(random, kernels));
  const dilations = sizes.map((size) => random.choice(dilationChoices(settings, size)));
  const groups = draw(random, groupChoices(settings));
  const activation = draw(random, settings.activations);
  return {
    position,
    kernel: [sizes[0], sizes.at(-1)!],
    dilation: [dilations[0], dilations.at(-1)!],
    groups,
    activation,
  };
}

/** The convolutions of a layer and the gates between them. */
export function drawConvolutions(
  settings: CompleteSettings,
  random: Random,
  maxKernel?: number,
): Pick<Layer, "convolutions" | "gates"> {
  const positions =
    settings.convolutions === "single"
      ? [0]
      : positionSets[random.weighted(positionSets.map(({ probability }) => probability))].positions;
  const convolutions = positions.map((position) =>
    drawConvolution(settings, random, { position, maxKernel }),
  );
  const gates = gateChoices(settings, positions).filter(() => random.bernoulli(0.5));
  return { convolutions, gates };
}
