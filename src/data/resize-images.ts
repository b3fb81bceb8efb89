/** Images of a data set at another size. */

import type { ImageChunk } from "./source.js";

export interface ResizeOptions {
  readonly channels: number;
  /** Height = width now and then, pixels. */
  readonly from: number;
  readonly to: number;
}

/** Resamples (Lanczos) every image; the chunk itself where the size stays. */
export async function resizeImages<Chunk extends Pick<ImageChunk, "pixels">>(
  chunk: Chunk,
  { channels, from, to }: ResizeOptions,
): Promise<Chunk> {
  if (from === to) return chunk;
  const { default: sharp } = await import("sharp");
  const before = channels * from * from;
  const after = channels * to * to;
  const count = chunk.pixels.length / before;
  const pixels = new Uint8Array(count * after);
  for (let index = 0; index < count; index++) {
    // The planes as one tall grey picture would bleed into each other: one picture each.
    for (let channel = 0; channel < channels; channel++) {
      const start = index * before + channel * from * from;
      const plane = chunk.pixels.subarray(start, start + from * from);
      const resized = await sharp(plane, { raw: { width: from, height: from, channels: 1 } })
        .resize(to, to)
        .toColourspace("b-w")
        .raw()
        .toBuffer();
      pixels.set(resized, index * after + channel * to * to);
    }
  }
  return { ...chunk, pixels };
}
