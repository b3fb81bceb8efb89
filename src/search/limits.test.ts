import { describe, expect, test } from "vitest";
import { countCost } from "../arch/index.js";
import { formatCount } from "../format-count.js";
import { fakeHistory, spaceOf } from "./history.fixture.js";
import { describeLimits, isTighter, isWithin, SmallestCost } from "./limits.js";

const cost = { parameters: 300, flops: 5000 };

test("a limit itself is allowed, one more is not", () => {
  expect(isWithin({ parameters: 300, flops: 5000 }, cost)).toBe(true);
  expect(isWithin({ parameters: 299 }, cost)).toBe(false);
  expect(isWithin({ flops: 4999 }, cost)).toBe(false);
  expect(isWithin({}, cost)).toBe(true);
});

test("where time is limited, a network that was not measured is not within the limit", () => {
  expect(isWithin({ latencyMs: 2 }, { ...cost, latencyMs: 2 })).toBe(true);
  expect(isWithin({ latencyMs: 2 }, { ...cost, latencyMs: 2.1 })).toBe(false);
  expect(isWithin({ latencyMs: 2 }, cost)).toBe(false);
});

describe("limits are tighter", () => {
  test.each([
    [{ parameters: 100 }, { parameters: 200 }, true],
    [{ parameters: 200 }, { parameters: 200 }, true],
    [{ parameters: 200, flops: 5 }, { parameters: 200 }, true],
    [{ parameters: 201, flops: 5 }, { parameters: 200 }, false],
    [{ flops: 5 }, { parameters: 200 }, false],
    [{}, {}, true],
  ])("%j than %j: %j", (inner, outer, expected) => {
    expect(isTighter(inner, outer)).toBe(expected);
  });
});

test("the smallest of each cost is remembered, whatever comes after it", () => {
  const smallest = new SmallestCost();
  const seen = fakeHistory(spaceOf("demo"), { seed: 1, count: 9 }).map(({ architecture }) => architecture);
  const sorted = seen.toSorted((one, other) => countCost(one).flops - countCost(other).flops);
  for (const [index, architecture] of [...sorted, sorted[8]].entries()) smallest.add(architecture, 5 + index);
  const { message } = smallest.noneWithin({ flops: 1, latencyMs: 1 });
  expect(message).toContain(`${formatCount(countCost(sorted[0]).flops)} multiply-adds`);
  expect(message).toContain("5.00 ms");
});

test("a cost that was never measured is not told", () => {
  const smallest = new SmallestCost();
  const [{ architecture }] = fakeHistory(spaceOf("demo"), { seed: 1, count: 1 });
  const { parameters, flops } = smallest.add(architecture);
  const broken = smallest.noneWithin({ parameters: 1, latencyMs: 1 }).message;
  expect(broken).toContain("--max-parameters 1 ");
  expect(broken).toContain("raise the limit,");
  expect(broken).not.toContain("latency");
  const together = smallest.noneWithin({ parameters, flops, latencyMs: 1 }).message;
  expect(together).toContain(`--max-parameters ${parameters} `);
  expect(together).toContain("together they cannot");
  expect(together).not.toContain("latency");
});

test("limits are told in words", () => {
  expect(describeLimits({})).toBeUndefined();
  expect(describeLimits({ parameters: 300_000, flops: 40e6, latencyMs: 2.5 })).toBe(
    "at most 300k parameters and 40.0M multiply-adds and 2.50 ms",
  );
});
