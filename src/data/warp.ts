/** Moves the pixels of an 8-bit image [C, size, size] by an affine map: the nearest pixel, black where there is none. */

import type { ImageShape } from "./pixel-operations.js";

/** Where the pixel at (x, y) comes from: (a x + b y + c, d x + e y + f), in coordinates of pixel edges. */
export type AffineMap = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export function warp(
  image: Uint8Array,
  [a, b, c, d, e, f]: AffineMap,
  { channels, size }: ImageShape,
): Uint8Array {
  const result = new Uint8Array(image.length);
  const plane = size * size;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const fromX = Math.floor(a * (x + 0.5) + b * (y + 0.5) + c);
      const fromY = Math.floor(d * (x + 0.5) + e * (y + 0.5) + f);
      if (fromX < 0 || fromX >= size || fromY < 0 || fromY >= size) continue;
      const from = fromY * size + fromX;
      const to = y * size + x;
      for (let start = 0; start < channels * plane; start += plane) result[start + to] = image[start + from];
    }
  }
  return result;
}

/** About the image's centre. */
export function rotation(degrees: number, size: number): AffineMap {
  const angle = (degrees * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const centre = size / 2;
  return [cos, sin, centre * (1 - cos - sin), -sin, cos, centre * (1 - cos + sin)];
}
