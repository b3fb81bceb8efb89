import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatCount, formatDuration, formatInteger, formatLoss, formatPercent, missing } from "./format.js";

describe("formatCount", () => {
  test.each([
    [0, "0"],
    [7, "7"],
    [999, "999"],
    [999.6, "1.00k"],
    [1_000, "1.00k"],
    [45_600, "45.6k"],
    [99_970, "100k"],
    [999_499, "999k"],
    [999_500, "1.00M"],
    [1_234_567, "1.23M"],
    [3.1e9, "3.10G"],
    [0.5, "0.500"],
    [NaN, missing],
  ])("%d reads %s", (count, text) => {
    expect(formatCount(count)).toBe(text);
  });

  test("is at most half a unit of the third digit away from the count", () => {
    const scale = { k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 };
    fc.assert(
      fc.property(fc.integer({ min: 1_000, max: Number.MAX_SAFE_INTEGER }), (count) => {
        const text = formatCount(count);
        const value = Number(text.slice(0, -1)) * scale[text.at(-1) as keyof typeof scale];
        expect(Math.abs(value / count - 1)).toBeLessThanOrEqual(0.00502);
      }),
    );
  });
});

test("a fraction reads as percent", () => {
  expect(formatPercent(0.0553)).toBe("5.53 %");
  expect(formatPercent(0.9, 0)).toBe("90 %");
  expect(formatPercent(Infinity)).toBe(missing);
});

test("losses and whole numbers have their own forms", () => {
  expect(formatLoss(1.04321)).toBe("1.043");
  expect(formatLoss(1.5e22)).toBe("1.50e+22");
  expect(formatLoss(NaN)).toBe(missing);
  expect(formatInteger(45_000)).toBe("45,000");
});

test.each([
  [0.42, "0.4 s"],
  [9.96, "10 s"],
  [59.4, "59 s"],
  [59.6, "1 min 00 s"],
  [185, "3 min 05 s"],
  [3_599.9, "1 h 00 min"],
  [7_620, "2 h 07 min"],
  [86_399, "1 d 0 h"],
  [97_200, "1 d 3 h"],
  [-1, missing],
])("%d seconds read %s", (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});
