/** Pixels plane by plane, as data sets and networks have them, and channel beside channel, as picture libraries do. */

/** [channels, pixels] -> [pixels, channels] */
export function interleave(planes: Uint8Array, channels: number): Uint8Array {
  if (channels === 1) return planes;
  const count = planes.length / channels;
  return Uint8Array.from(planes, (_, at) => planes[(at % channels) * count + Math.floor(at / channels)]);
}

/** [pixels, channels] -> [channels, pixels] */
export function separate(pixels: Uint8Array, channels: number): Uint8Array {
  if (channels === 1) return pixels;
  const count = pixels.length / channels;
  return Uint8Array.from(pixels, (_, at) => pixels[(at % count) * channels + Math.floor(at / count)]);
}
