/** Bytes to network inputs: (pixel / 255 - mean) / std for each channel, through a table of all 256 bytes. */

import { SmashError } from "../errors.js";
import type { ImageSet } from "./dataset.js";

/** One value a channel, for pixels scaled to 0 … 1, as the field states them (CIFAR-10: .491, .482, .447). */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/** Enough for every image of CIFAR; beyond it a mean is exact to far below one step of a byte. */
const mostBytes = 2 ** 28;

/**
 * Mean and standard deviation (of the population) of each channel over all images, or over as many, evenly spread, as
 * make up 256 MiB; a channel that never changes gets the deviation 1, so that it becomes 0 and not NaN. Give it training
 * images only.
 */
export function channelStatistics(set: ImageSet, channels: number): ChannelStatistics {
  const plane = set.imageBytes / channels;
  if (!Number.isInteger(plane) || plane === 0 || set.count === 0) {
    throw new SmashError("shape", {
      rule: "An image set must hold whole images of at least one pixel.",
      found: `${set.count} images of ${set.imageBytes} bytes, ${channels} channels.`,
      fix: "give the data set's number of channels and a set that is not empty.",
    });
  }
  const stride = Math.ceil((set.count * set.imageBytes) / mostBytes);
  const histograms = new Float64Array(channels * 256);
  for (let index = 0; index < set.count; index += stride) addTo(histograms, set.image(index), plane);
  const mean: number[] = [];
  const std: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    const histogram = histograms.subarray(channel * 256, (channel + 1) * 256);
    const pixels = histogram.reduce((sum, times) => sum + times, 0);
    const average = histogram.reduce((sum, times, value) => sum + times * value, 0) / pixels;
    const squares = histogram.reduce((sum, times, value) => sum + times * (value - average) ** 2, 0);
    mean.push(average / 255);
    std.push(Math.sqrt(squares / pixels) / 255 || 1);
  }
  return { mean, std };
}

/** Counts the bytes of each channel. */
function addTo(histograms: Float64Array, image: Uint8Array, plane: number): void {
  for (let start = 0, base = 0; start < image.length; start += plane, base += 256) {
    for (let at = start; at < start + plane; at++) histograms[base + image[at]]++;
  }
}

/** Normalised value of byte v in channel c at 256 c + v. */
export function normalizationTable({ mean, std }: ChannelStatistics): Float32Array {
  const table = new Float32Array(mean.length * 256);
  for (let channel = 0; channel < mean.length; channel++) {
    for (let value = 0; value < 256; value++) {
      table[channel * 256 + value] = (value / 255 - mean[channel]) / std[channel];
    }
  }
  return table;
}
