/**
 * Changes of colour and sharpness of one 8-bit image [C, size, size], as the Python imaging library defines them. Each
 * gives a new image. Images of one channel are grey already: their colour cannot be changed.
 */

export interface ImageShape {
  readonly channels: number;
  /** Height = width, pixels. */
  readonly size: number;
}

/** Every value through a table of 256. */
function mapValues(image: Uint8Array, table: ArrayLike<number>): Uint8Array {
  const result = new Uint8Array(image.length);
  for (let at = 0; at < image.length; at++) result[at] = table[image[at]];
  return result;
}

/** Every channel through a table that its own histogram gives; undefined leaves it as it is. */
function mapChannels(
  image: Uint8Array,
  { channels }: ImageShape,
  makeTable: (histogram: Int32Array) => ArrayLike<number> | undefined,
): Uint8Array {
  const plane = image.length / channels;
  const result = new Uint8Array(image);
  for (let start = 0; start < image.length; start += plane) {
    const histogram = new Int32Array(256);
    for (let at = start; at < start + plane; at++) histogram[image[at]]++;
    const table = makeTable(histogram);
    if (table) result.set(mapValues(image.subarray(start, start + plane), table), start);
  }
  return result;
}

const table256 = (value: (level: number) => number) =>
  Uint8ClampedArray.from({ length: 256 }, (_, v) => value(v));

/** Stretches every channel to 0 … 255. */
export function autoContrast(image: Uint8Array, shape: ImageShape): Uint8Array {
  return mapChannels(image, shape, (histogram) => {
    const lowest = histogram.findIndex((count) => count > 0);
    const highest = histogram.findLastIndex((count) => count > 0);
    if (highest <= lowest) return undefined;
    return table256((value) => Math.floor(((value - lowest) * 255) / (highest - lowest)));
  });
}

/** Makes every channel's values about equally frequent. */
export function equalize(image: Uint8Array, shape: ImageShape): Uint8Array {
  return mapChannels(image, shape, (histogram) => {
    const total = histogram.reduce((sum, count) => sum + count, 0);
    const last = histogram[histogram.findLastIndex((count) => count > 0)];
    const step = Math.floor((total - last) / 255);
    if (step === 0) return undefined;
    let sum = Math.floor(step / 2);
    return table256((value) => {
      const result = Math.floor(sum / step);
      sum += histogram[value];
      return result;
    });
  });
}

/** Inverts the values from `threshold` on. */
export function solarize(image: Uint8Array, threshold: number): Uint8Array {
  return mapValues(
    image,
    table256((value) => (value < threshold ? value : 255 - value)),
  );
}

/** Keeps the highest `bits` of every value. */
export function posterize(image: Uint8Array, bits: number): Uint8Array {
  const mask = (0xff00 >> bits) & 0xff;
  return mapValues(
    image,
    table256((value) => value & mask),
  );
}

/** `factor` 1 leaves the image as it is; 0 is black. */
export function changeBrightness(image: Uint8Array, factor: number): Uint8Array {
  return mapValues(
    image,
    table256((value) => Math.trunc(value * factor)),
  );
}

/** 0 is the mean grey of the whole image. */
export function changeContrast(image: Uint8Array, factor: number, shape: ImageShape): Uint8Array {
  const grey = toGrey(image, shape);
  const mean = Math.round(grey.reduce((sum, value) => sum + value, 0) / grey.length);
  return mapValues(
    image,
    table256((value) => Math.trunc(mean + factor * (value - mean))),
  );
}

/** 0 is the grey image. */
export function changeColor(image: Uint8Array, factor: number, shape: ImageShape): Uint8Array {
  const grey = toGrey(image, shape);
  return blend(image, (at) => grey[at % grey.length], factor);
}

/** 0 is smoothed; the outermost pixels stay. */
export function changeSharpness(image: Uint8Array, factor: number, { size }: ImageShape): Uint8Array {
  const isInside = (place: number) => place > 0 && place < size - 1;
  const smooth = (at: number) => {
    const x = at % size;
    const y = Math.floor(at / size) % size;
    if (!isInside(x) || !isInside(y)) return image[at];
    let sum = 4 * image[at];
    for (let row = at - size; row <= at + size; row += size)
      sum += image[row - 1] + image[row] + image[row + 1];
    return Math.round(sum / 13);
  };
  return blend(image, smooth, factor);
}

/** From `other` (0) by way of the image (1) to beyond it. */
function blend(image: Uint8Array, other: (at: number) => number, factor: number): Uint8Array {
  const result = new Uint8ClampedArray(image.length);
  for (let at = 0; at < image.length; at++) {
    const from = other(at);
    result[at] = Math.trunc(from + factor * (image[at] - from));
  }
  return new Uint8Array(result.buffer);
}

/** Luma of red, green and blue (ITU-R 601); with other channels their mean. [size, size] */
function toGrey(image: Uint8Array, { channels }: ImageShape): Uint8Array {
  if (channels === 1) return image;
  const plane = image.length / channels;
  const weights = channels === 3 ? [0.299, 0.587, 0.114] : Array<number>(channels).fill(1 / channels);
  return Uint8Array.from({ length: plane }, (_, at) =>
    Math.round(weights.reduce((sum, weight, channel) => sum + weight * image[channel * plane + at], 0)),
  );
}
