/**
 * A picture of any size as the square that a network takes: resized until it covers the square, then its centre.
 *
 * Lanczos with three lobes, widened when shrinking, vertical first and rounded in between: what sharp (libvips) does
 * with `fit: "cover"`, to within a level or two of 255. A picture that has the size already comes back unchanged.
 */

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Four bytes a pixel: red, green, blue, opacity. */
  readonly rgba: Uint8ClampedArray; // [height, width, 4]
}

const lobes = 3;

/** The centre square of the picture, `size` pixels wide. */
export function coverSquare(picture: Picture, size: number): Picture {
  const factor = Math.min(picture.width, picture.height) / size;
  const [width, height] = [picture.width, picture.height].map((length) =>
    Math.max(size, Math.round(length / factor)),
  );
  const resized = resize(picture, width, height);
  // As sharp rounds: an odd pixel goes to the right and the bottom.
  return crop(resized, { left: (width - size + 1) >> 1, top: (height - size + 1) >> 1, size });
}

function resize(picture: Picture, width: number, height: number): Picture {
  const tall = transpose(resizeRows(transpose(picture), height));
  return resizeRows(tall, width);
}

/** Each row to another length. */
function resizeRows(picture: Picture, width: number): Picture {
  if (picture.width === width) return picture;
  const { height, rgba } = picture;
  const taps = Array.from({ length: width }, (_, x) => tapsAt(x, picture.width, picture.width / width));
  const result = new Uint8ClampedArray(height * width * 4);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let channel = 0; channel < 4; channel++) {
        let sum = 0;
        for (const { at, weight } of taps[x]) sum += weight * rgba[(y * picture.width + at) * 4 + channel];
        result[(y * width + x) * 4 + channel] = Math.round(sum);
      }
    }
  }
  return { width, height, rgba: result };
}

interface Tap {
  readonly at: number;
  readonly weight: number;
}

/** Pixels, and their weights, that pixel `x` of the result is made of; edge pixels stand for what is beyond. */
function tapsAt(x: number, length: number, factor: number): readonly Tap[] {
  const spread = Math.max(1, factor);
  const centre = (x + 0.5) * factor - 0.5;
  const taps: Tap[] = [];
  for (let at = Math.ceil(centre - lobes * spread); at <= Math.floor(centre + lobes * spread); at++) {
    const weight = lanczos((at - centre) / spread);
    taps.push({ at: Math.min(length - 1, Math.max(0, at)), weight });
  }
  const total = taps.reduce((sum, { weight }) => sum + weight, 0);
  return taps.map(({ at, weight }) => ({ at, weight: weight / total }));
}

function lanczos(x: number): number {
  if (x === 0) return 1;
  if (Math.abs(x) >= lobes) return 0;
  const angle = Math.PI * x;
  return (lobes * Math.sin(angle) * Math.sin(angle / lobes)) / angle ** 2;
}

function transpose({ width, height, rgba }: Picture): Picture {
  const result = new Uint8ClampedArray(rgba.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (y * width + x) * 4;
      result.set(rgba.subarray(from, from + 4), (x * height + y) * 4);
    }
  }
  return { width: height, height: width, rgba: result };
}

function crop(
  picture: Picture,
  { left, top, size }: { readonly left: number; readonly top: number; readonly size: number },
): Picture {
  const rgba = new Uint8ClampedArray(size * size * 4);
  for (let y = 0; y < size; y++) {
    const from = ((top + y) * picture.width + left) * 4;
    rgba.set(picture.rgba.subarray(from, from + size * 4), y * size * 4);
  }
  return { width: size, height: size, rgba };
}

/** The bytes that the network takes, channel by channel; one channel is brightness. */
export function toPlanes({ width, height, rgba }: Picture, channels: number): Uint8Array {
  const pixels = width * height;
  const planes = new Uint8Array(channels * pixels); // [channels, height, width]
  for (let pixel = 0; pixel < pixels; pixel++) {
    const [red, green, blue] = rgba.subarray(pixel * 4);
    const values = channels === 1 ? [0.2126 * red + 0.7152 * green + 0.0722 * blue] : [red, green, blue];
    for (const [channel, value] of values.entries()) planes[channel * pixels + pixel] = Math.round(value);
  }
  return planes;
}
