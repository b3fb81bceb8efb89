import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatCount, formatMs, missing } from "./format-count.js";

describe("formatMs", () => {
  test.each([
    [0.1234, "0.123"],
    [1.534, "1.53"],
    [45.25, "45.3"],
    [99.94, "99.9"],
    [99.96, "100"],
    [1500, "1500"],
    [12_345.6, "12346"],
  ])("%d reads %s", (milliseconds, text) => {
    expect(formatMs(milliseconds)).toBe(text);
  });
});

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
