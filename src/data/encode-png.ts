/** One image of a data set as a PNG, for pages. */

import { interleave } from "./planes.js";

export interface PngOptions {
  /** 1 (grey) or 3 (red, green, blue). */
  readonly channels: number;
  /** Height = width, pixels. */
  readonly size: number;
  /** Larger images are scaled down to this height = width, pixels. Default: no limit. */
  readonly maxSize?: number;
}

/** `image` [channels, size, size], 0 … 255. */
export async function encodePng(
  image: Uint8Array,
  { channels, size, maxSize = size }: PngOptions,
): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  const raw = { width: size, height: size, channels: channels as 1 | 3 };
  const picture = sharp(interleave(image, channels), { raw });
  return (size > maxSize ? picture.resize(maxSize) : picture).png().toBuffer();
}
