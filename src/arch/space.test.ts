import fc from "fast-check";
import { expect, test } from "vitest";
import { blockLimits, bottleneckChannels } from "./space.js";
import { goodSettings, v1 } from "./space.fixture.js";

test("widths and budgets of the reference space are those of the author's formulas", () => {
  expect(blockLimits({ ...v1, depth: 12 })).toEqual([
    // base 12, growth 48; slices of 18 channels
    { inputChannels: 48, inputBanks: 8, maxChannels: 144, maxBanks: 24, channelBudget: 624, sliceBudget: 34 },
    {
      inputChannels: 72,
      inputBanks: 12,
      maxChannels: 168,
      maxBanks: 28,
      channelBudget: 1224,
      sliceBudget: 68,
    },
    {
      inputChannels: 84,
      inputBanks: 14,
      maxChannels: 192,
      maxBanks: 32,
      channelBudget: 2388,
      sliceBudget: 132,
    },
  ]);
});

test("a narrower stem makes the first block narrower, and the next ones by what that leaves", () => {
  // base 12, growth 48: blocks begin with 24, half of 120 and half of 156, 72 being the multiple of 12 below 78.
  const limits = blockLimits({ ...v1, depth: 12, stemWidth: 2 });
  expect(limits.map(({ inputChannels }) => inputChannels)).toEqual([24, 60, 72]);
  expect(limits.map(({ maxChannels }) => maxChannels)).toEqual([120, 156, 192]);
  expect(limits.map(({ channelBudget }) => channelBudget)).toEqual([600, 1212, 2376]);
});

test("every block has room to grow and an input that its first layer can read", () => {
  fc.assert(
    fc.property(goodSettings, (settings) => {
      const limits = blockLimits(settings);
      for (const { inputBanks, maxBanks, sliceBudget } of limits) {
        expect(inputBanks).toBeGreaterThanOrEqual(settings.depthCompression);
        expect(maxBanks).toBeGreaterThan(inputBanks);
        expect(sliceBudget).toBeGreaterThanOrEqual(1);
      }
    }),
  );
});

test.each([
  [18, 42, 18], // fewer inputs than units: no more outputs than inputs
  [90, 42, 84], // two units' worth
  [900, 42, 168], // at most 4 times the units
  [24, 6, 24],
])("a 1x1 convolution of %i inputs before %i units has %i outputs", (inputs, units, outputs) => {
  expect(bottleneckChannels(v1, inputs, units)).toBe(outputs);
});

test("a 1x1 convolution has at most maxBottleneck times Nmax outputs, however few units follow", () => {
  const narrow = { ...v1, maxBottleneck: 1 };
  expect(bottleneckChannels(narrow, 900, 42)).toBe(42);
  expect(bottleneckChannels(narrow, 900, 36)).toBe(42);
  expect(bottleneckChannels(narrow, 900, 6)).toBe(24);
});
