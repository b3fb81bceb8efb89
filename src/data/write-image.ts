/** The inner loop of filling a batch: one image from bytes to normalised values, moved and mirrored. */

import type { Placement } from "./augment.js";

export type MemoryLayout = "nchw" | "nhwc";

export interface ImageFormat {
  readonly channels: number;
  /** Height = width, pixels. */
  readonly size: number;
  readonly layout: MemoryLayout;
  /** See `normalizationTable`. */
  readonly table: Float32Array; // [channels, 256]
  readonly placement: Placement;
}

/**
 * image [C, size, size] -> values [C, size, size] or [size, size, C]
 *
 * The part of the result that comes from inside the image is a rectangle, known before the loop: inside it there is
 * no test for each pixel.
 */
export function writeImage(image: Uint8Array, values: Float32Array, format: ImageFormat): void {
  const { channels, size, layout, table } = format;
  const { down, right, mirrored } = format.placement;
  const plane = size * size;
  const channelStep = layout === "nchw" ? plane : 1;
  const pixelStep = layout === "nchw" ? 1 : channels;
  const step = mirrored ? -pixelStep : pixelStep;
  const top = Math.max(0, -down);
  const bottom = Math.min(size, size - down);
  const left = Math.max(0, -right);
  const width = Math.min(size, size - right) - left;
  const bordered = down !== 0 || right !== 0;
  for (let channel = 0; channel < channels; channel++) {
    const normalized = table.subarray(channel * 256, (channel + 1) * 256);
    const first = channel * channelStep;
    if (bordered) fillStrided(values, normalized[0], { first, step: pixelStep, count: plane });
    for (let y = top; y < bottom; y++) {
      const from = (channel * size + y + down) * size + left + right;
      const to = first + (y * size + (mirrored ? size - 1 - left : left)) * pixelStep;
      for (let x = 0, at = to; x < width; x++, at += step) values[at] = normalized[image[from + x]]!;
    }
  }
}

function fillStrided(
  values: Float32Array,
  value: number,
  { first, step, count }: { readonly first: number; readonly step: number; readonly count: number },
): void {
  for (let to = first, end = first + step * count; to < end; to += step) values[to] = value;
}
