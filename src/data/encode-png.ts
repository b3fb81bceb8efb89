/** One image of a data set as a PNG, for pages. */

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
  const plane = size * size;
  const pixels = Uint8Array.from(
    image,
    (_, at) => image[(at % channels) * plane + Math.floor(at / channels)],
  );
  const picture = sharp(pixels, { raw: { width: size, height: size, channels: channels as 1 | 3 } });
  return (size > maxSize ? picture.resize(maxSize) : picture).png().toBuffer();
}
