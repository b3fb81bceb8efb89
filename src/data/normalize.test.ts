import { describe, expect, it } from "vitest";
import { imagesInMemory } from "./image-set.js";
import { channelStatistics, normalizationTable } from "./normalize.js";

describe("channelStatistics", () => {
  it("is the mean and deviation of each channel over all images", () => {
    // Two images of two channels of two pixels.
    const images = Uint8Array.of(0, 255, 10, 20, 255, 0, 30, 40);
    const { mean, std } = channelStatistics(imagesInMemory(images, [0, 0]), 2);
    expect(mean[0]).toBeCloseTo(0.5, 12);
    expect(std[0]).toBeCloseTo(0.5, 12);
    expect(mean[1]).toBeCloseTo(25 / 255, 12);
    expect(std[1]).toBeCloseTo(Math.sqrt(125) / 255, 12);
  });

  it("gives a constant channel the deviation 1", () => {
    const set = imagesInMemory(new Uint8Array(8).fill(51), [0, 0]);
    expect(channelStatistics(set, 1)).toEqual({ mean: [0.2], std: [1] });
  });

  it("refuses an empty set and channels that do not divide the images", () => {
    const set = (length: number, count: number) =>
      imagesInMemory(new Uint8Array(length), new Uint8Array(count));
    expect(() => channelStatistics(set(0, 0), 3)).toThrow(/0 images/);
    expect(() => channelStatistics(set(8, 2), 3)).toThrow(/3 channels/);
  });
});

describe("normalizationTable", () => {
  it("holds (v / 255 - mean) / std for each channel and byte", () => {
    const table = normalizationTable({ mean: [0.5, 0.1], std: [0.25, 2] });
    expect(table).toHaveLength(512);
    expect(table[255]).toBeCloseTo(2, 6);
    expect(table[256 + 51]).toBeCloseTo(0.05, 6);
  });
});
