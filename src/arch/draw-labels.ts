/** What a drawing says in words of layers and sizes. */

import type { Convolution, Layer } from "./architecture.js";

function pair([height, width]: readonly [number, number]): string {
  return height === width ? String(height) : `${height}×${width}`;
}

function labelConvolution({ kernel, dilation, groups, activation }: Convolution): string {
  const parts = [`${kernel[0]}×${kernel[1]}`];
  if (dilation[0] > 1 || dilation[1] > 1) parts.push(`dil ${pair(dilation)}`);
  if (groups > 1) parts.push(`grp ${groups}`);
  if (activation !== "relu") parts.push(activation);
  return parts.join(" ");
}

/** Where two paths are joined by gates instead of sums; empty without gates. */
function labelGates({ gates }: Layer): string {
  const places = gates.map((junction) => (junction === 0 ? "in the middle" : "at the end"));
  return places.length > 0 ? ` ⊗ gate ${places.join(", ")}` : "";
}

/** One line per path of the 2x2 array, its convolutions in order; gates stand behind the second path. */
export function labelPaths(layer: Layer): string[] {
  const paths = [0, 2].map((first) =>
    layer.convolutions.filter(({ position }) => position === first || position === first + 1),
  );
  const lines = paths.filter((path) => path.length > 0).map((path) => path.map(labelConvolution).join(" → "));
  return lines.map((line, index) => (index === 1 ? line + labelGates(layer) : line));
}

/** The whole layer in a sentence, for tooltips and screen readers. */
export function describeLayer(layer: Layer, number: number): string {
  const { reads, writes, units, bottleneck } = layer;
  return (
    `Layer ${number}: reads ${reads.join(", ")}; writes ${writes.join(", ")}; ` +
    `1×1 to ${bottleneck} channels, then ${labelPaths(layer).join(" beside ")}; ${units} units`
  );
}
