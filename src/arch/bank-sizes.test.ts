import { expect, test } from "vitest";
import { bankChoices, blockBanks, slicesRead } from "./bank-sizes.js";
import { blockLimits, completeSettings } from "./space.js";
import { sampleArchitecture } from "./sample.js";
import { Random } from "../random.js";
import { v1, v2 } from "./space.fixture.js";

// N = 8, D = 2, Nmax = 64. The first block begins with 8 banks of N channels and ends with at most 24; the second, 12 and 28.
const settings = completeSettings(v2);
const [first, second] = blockLimits(v2);

test("banks of any size that the input fills whole are as many, and read in such steps, as worked out by hand", () => {
  const banks = { multiple: 1, bankChannels: 8, inputBanks: 8, maxBanks: 24, readBanks: 2, readSlices: 1 };
  expect(bankChoices(settings, first, { slices: 4 })).toEqual([
    banks,
    { multiple: 2, bankChannels: 16, inputBanks: 4, maxBanks: 12, readBanks: 1, readSlices: 1 },
    { multiple: 4, bankChannels: 32, inputBanks: 2, maxBanks: 6, readBanks: 1, readSlices: 2 },
    { multiple: 8, bankChannels: 64, inputBanks: 1, maxBanks: 3, readBanks: 1, readSlices: 4 },
  ]);
  expect(bankChoices(settings, second, { slices: 100 })).toEqual([
    { ...banks, inputBanks: 12, maxBanks: 28 },
    { multiple: 2, bankChannels: 16, inputBanks: 6, maxBanks: 14, readBanks: 1, readSlices: 1 },
    { multiple: 3, bankChannels: 24, inputBanks: 4, maxBanks: 9, readBanks: 2, readSlices: 3 },
    { multiple: 4, bankChannels: 32, inputBanks: 3, maxBanks: 7, readBanks: 1, readSlices: 2 },
    { multiple: 6, bankChannels: 48, inputBanks: 2, maxBanks: 4, readBanks: 1, readSlices: 3 },
  ]);
  expect(bankChoices(completeSettings({ ...v2, bankSizes: "base" }), first, { slices: 4 })).toEqual([banks]);
});

test("banks are no larger than lets every layer read, from the input and within the slices", () => {
  const multiples = (...[of, limits, rest]: Parameters<typeof bankChoices>) =>
    bankChoices(of, limits, rest).map(({ multiple }) => multiple);
  expect(multiples(settings, first, { slices: 3 })).toEqual([1, 2, 4]);
  expect(multiples(settings, first, { slices: 4, layers: 2 })).toEqual([1, 2, 4]);
  expect(multiples(settings, first, { slices: 3, layers: 2 })).toEqual([1, 2]);
  // With D = 3 a layer reads three banks of 4 N at once, of which the input of 8 N fills two.
  const three = { ...v1, maxUnits: 48, bankSizes: "varied" } as const;
  expect(multiples(completeSettings(three), blockLimits(three)[0], { slices: 100 })).toEqual([1, 2]);
});

test("a layer's slices are the channels that it reads in units of N * D", () => {
  const [layer] = sampleArchitecture(v2, Random.stream(1)).blocks[0].layers;
  const slices = (multiple: number, reads: readonly number[]) =>
    slicesRead({ ...layer, reads }, blockBanks(settings, second, multiple));
  expect(slices(1, [0, 1, 2, 3])).toBe(2);
  expect(slices(3, [0, 1, 2, 3])).toBe(6);
  expect(slices(4, [0, 1, 2])).toBe(6);
});
