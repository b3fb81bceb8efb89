import { expect, it } from "vitest";
import { describeDifference } from "./difference.js";

it.each([
  [{ a: { b: 1 } }, { a: { b: 2 } }, "a.b was 1, now 2"],
  [{ a: 1 }, { a: 1, trained: [[0.5]] }, "trained was not there, now is [[0.5]]"],
  [{ a: 1, run: "runs/a" }, { a: 1 }, 'run was "runs/a", now is not there'],
  [{ limits: {} }, { limits: { flops: 7 } }, "limits.flops was not there, now is 7"],
  [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }, undefined],
])("%j, then %j: %s", (before, now, text) => {
  expect(describeDifference(before, now)).toBe(text);
});
