import { expect, test } from "vitest";
import {
  formatChange,
  formatDecimal,
  formatDuration,
  formatInteger,
  formatLoss,
  formatPercent,
  missing,
} from "./format.js";

test("a fraction reads as percent", () => {
  expect(formatPercent(0.0553)).toBe("5.53 %");
  expect(formatPercent(0.9, 0)).toBe("90 %");
  expect(formatPercent(Infinity)).toBe(missing);
});

test("a change has a sign, unless it rounds to nothing", () => {
  expect([0.123, -0.123, 0.001, -0.001, -0].map((value) => formatChange(value))).toEqual([
    ...["+0.12", "-0.12", "0.00", "0.00", "0.00"],
  ]);
  expect([formatDecimal(-0.00004, 4), formatDecimal(-0.00006, 4)]).toEqual(["0.0000", "-0.0001"]);
  expect(formatPercent(-0.00001)).toBe("0.00 %");
});

test("losses and whole numbers have their own forms", () => {
  expect(formatLoss(1.04321)).toBe("1.043");
  expect(formatLoss(1.5e22)).toBe("1.50e+22");
  expect(formatLoss(9_999.9)).toBe("9999.900");
  expect(formatLoss(10_000)).toBe("1.00e+4");
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
