/** Images of a data set at another size. */

import { interleave, separate } from "./planes.js";
import type { ImageChunk } from "./source.js";

/** Images that are resized side by side. */
const atOnce = 32;

export interface ResizeOptions {
  /** 1 or 3. */
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
  const resize = async (index: number) => {
    const image = interleave(chunk.pixels.subarray(index * before, (index + 1) * before), channels);
    const raw = { width: from, height: from, channels: channels as 1 | 3 };
    const picture = sharp(image, { raw }).resize(to, to);
    const resized = await (channels === 1 ? picture.toColourspace("b-w") : picture).raw().toBuffer();
    pixels.set(separate(resized, channels), index * after);
  };
  // Several at a time: most of a call is waiting for one of the library's threads.
  for (let start = 0; start < count; start += atOnce) {
    const length = Math.min(atOnce, count - start);
    await Promise.all(Array.from({ length }, (_, offset) => resize(start + offset)));
  }
  return { ...chunk, pixels };
}
