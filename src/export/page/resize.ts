/**
 * A picture of any size as the square that a network takes: resized until it covers the square, then its centre.
 *
 * The same as sharp (libvips) with `fit: "cover"`, which prepares folders of images for training, to within a level or
 * two of 255: Lanczos with three lobes after averaging whole pixels when shrinking, Catmull-Rom when enlarging, the
 * vertical first and rounded in between. A picture that has the size already comes back unchanged.
 */

export interface Picture {
  readonly width: number;
  readonly height: number;
  /** Four bytes a pixel: red, green, blue, opacity. */
  readonly rgba: Uint8ClampedArray; // [height, width, 4]
}

/** The centre square of the picture, `size` pixels wide. */
export function coverSquare({ width, height, rgba }: Picture, size: number): Picture {
  const factor = Math.min(width, height) / size;
  const tall = resample({ values: rgba, outer: 1, length: height, inner: width * 4 }, factor);
  const wide = resample({ values: tall.values, outer: tall.length, length: width, inner: 4 }, factor);
  const result = new Uint8ClampedArray(size * size * 4);
  // An odd pixel goes to the left and the top.
  const [left, top] = [wide.length, tall.length].map((length) => (length - size + 1) >> 1);
  for (let y = 0; y < size; y++) {
    const from = ((top + y) * wide.length + left) * 4;
    result.set(wide.values.subarray(from, from + size * 4), y * size * 4);
  }
  return { width: size, height: size, rgba: result };
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

/** Bytes along one axis of a picture: rows (outer 1) or the pixels of each row (inner 4). */
interface Axis {
  readonly values: Uint8ClampedArray; // [outer, length, inner]
  readonly outer: number;
  readonly length: number;
  readonly inner: number;
}

/** `factor` times shorter. */
function resample(axis: Axis, factor: number): Axis {
  if (factor === 1) return axis;
  const length = Math.max(1, Math.round(axis.length / factor));
  if (factor < 1) return weigh(axis, enlargingTaps(length, factor));
  // What whole pixels of the result do not use of the original is left out on both sides alike.
  const rest = axis.length - length * factor;
  const box = Math.max(1, Math.floor(factor / 2));
  return weigh(average(axis, box), shrinkingTaps(length, { factor: factor / box, rest: rest / box }));
}

/** Means of `box` values each; the last one repeats the edge. */
function average(axis: Axis, box: number): Axis {
  if (box === 1) return axis;
  const length = Math.ceil(axis.length / box);
  const taps = Array.from({ length }, (_, x) =>
    Array.from({ length: box }, (_, index): Tap => ({ at: x * box + index, weight: 1 / box })),
  );
  return weigh(axis, taps);
}

interface Tap {
  readonly at: number;
  readonly weight: number;
}

const lobes = 3;

function shrinkingTaps(
  length: number,
  { factor, rest }: { readonly factor: number; readonly rest: number },
): readonly (readonly Tap[])[] {
  return Array.from({ length }, (_, x) => {
    const centre = (x + 0.5) * factor - 0.5 + rest / 2;
    const first = Math.ceil(centre - lobes * factor);
    const count = Math.floor(centre + lobes * factor) - first + 1;
    const taps = Array.from({ length: count }, (_, index): Tap => {
      return { at: first + index, weight: lanczos((first + index - centre) / factor) };
    });
    const total = taps.reduce((sum, { weight }) => sum + weight, 0);
    return taps.map(({ at, weight }) => ({ at, weight: weight / total }));
  });
}

function lanczos(x: number): number {
  if (x === 0) return 1;
  if (Math.abs(x) >= lobes) return 0;
  const angle = Math.PI * x;
  return (lobes * Math.sin(angle) * Math.sin(angle / lobes)) / angle ** 2;
}

/** libvips places enlarged pixels by their corners, not by their centres. */
function enlargingTaps(length: number, factor: number): readonly (readonly Tap[])[] {
  return Array.from({ length }, (_, x) => {
    const place = x * factor - 0.5;
    const first = Math.floor(place) - 1;
    return Array.from({ length: 4 }, (_, index): Tap => {
      return { at: first + index, weight: catmullRom(Math.abs(first + index - place)) };
    });
  });
}

function catmullRom(x: number): number {
  if (x <= 1) return (1.5 * x - 2.5) * x * x + 1;
  return x < 2 ? ((2.5 - 0.5 * x) * x - 4) * x + 2 : 0;
}

/** Each value of the result as a weighted sum; the edges stand for what is beyond them. */
function weigh({ values, outer, length, inner }: Axis, taps: readonly (readonly Tap[])[]): Axis {
  const result = new Uint8ClampedArray(outer * taps.length * inner);
  const sums = new Float64Array(inner);
  for (let row = 0; row < outer; row++) {
    for (const [x, own] of taps.entries()) {
      sums.fill(0);
      for (const { at, weight } of own) {
        const from = (row * length + Math.min(length - 1, Math.max(0, at))) * inner;
        for (let index = 0; index < inner; index++) sums[index] += weight * values[from + index];
      }
      const to = (row * taps.length + x) * inner;
      for (let index = 0; index < inner; index++) result[to + index] = Math.round(sums[index]);
    }
  }
  return { values: result, outer, length: taps.length, inner };
}
