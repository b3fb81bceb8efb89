/** Bytes to network inputs: (pixel / 255 - mean) / std for each channel, through a table of all 256 bytes. */

import { SmashError } from "../errors.js";
import type { ImageSet } from "./dataset.js";

/** One value a channel, for pixels scaled to 0 … 1, as the field states them (CIFAR-10: .491, .482, .447). */
export interface ChannelStatistics {
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * Mean and standard deviation (of the population) of each channel over all images; a channel that never changes gets
 * the deviation 1, so that it becomes 0 and not NaN. Give it training images only.
 */
export function channelStatistics(set: ImageSet, channels: number): ChannelStatistics {
  const plane = set.images.length / set.count / channels;
  if (!Number.isInteger(plane) || plane === 0) {
    throw new SmashError("shape", {
      rule: "An image set must hold whole images of at least one pixel.",
      found: `${set.images.length} bytes for ${set.count} images of ${channels} channels.`,
      fix: "give the data set's number of channels and a set that is not empty.",
    });
  }
  const histograms = new Float64Array(channels * 256);
  for (let start = 0, channel = 0; start < set.images.length; start += plane) {
    const base = channel * 256;
    for (let at = start; at < start + plane; at++) histograms[base + set.images[at]]++;
    channel = channel + 1 === channels ? 0 : channel + 1;
  }
  const mean: number[] = [];
  const std: number[] = [];
  for (let channel = 0; channel < channels; channel++) {
    const histogram = histograms.subarray(channel * 256, (channel + 1) * 256);
    const average = histogram.reduce((sum, times, value) => sum + times * value, 0) / (set.count * plane);
    const squares = histogram.reduce((sum, times, value) => sum + times * (value - average) ** 2, 0);
    mean.push(average / 255);
    std.push(Math.sqrt(squares / (set.count * plane)) / 255 || 1);
  }
  return { mean, std };
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
