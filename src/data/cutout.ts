/**
 * Cutout (DeVries and Taylor 2017): a square around a random pixel is set to 0 after normalising, which is the mean
 * colour. The centre may be any pixel, so that the square is often partly outside the image, as in the paper.
 */

import type { Random } from "../random.js";
import type { ImageFormat } from "./write-image.js";

/** Blanks a square of `side` pixels out of normalised values [C, size, size] or [size, size, C]; two draws. */
export function cutOut(
  values: Float32Array,
  side: number,
  { channels, size, layout, random }: Omit<ImageFormat, "table" | "placement"> & { readonly random: Random },
): void {
  const top = random.integer(0, size - 1) - Math.floor(side / 2);
  const left = random.integer(0, size - 1) - Math.floor(side / 2);
  const [fromY, toY] = [Math.max(0, top), Math.min(size, top + side)];
  const [fromX, toX] = [Math.max(0, left), Math.min(size, left + side)];
  for (let y = fromY; y < toY; y++) {
    if (layout === "nhwc") {
      values.fill(0, (y * size + fromX) * channels, (y * size + toX) * channels);
      continue;
    }
    for (let channel = 0; channel < channels; channel++) {
      const row = (channel * size + y) * size;
      values.fill(0, row + fromX, row + toX);
    }
  }
}
