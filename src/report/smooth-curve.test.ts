import { expect, test } from "vitest";
import { smoothCurve } from "./smooth-curve.js";

const curve = (length: number) =>
  Array.from({ length }, (_, index) => ({ step: index + 1, loss: 2 * index, error: index }));

test("a short curve is shown as it is", () => {
  expect(smoothCurve(curve(60))).toEqual({ points: curve(60), stepsPerPoint: 1 });
});

test("a long curve is thinned to means, and a line stays the same line", () => {
  const { points, stepsPerPoint } = smoothCurve(curve(8_000));
  expect(stepsPerPoint).toBe(100);
  expect(points).toHaveLength(80);
  for (const { step, error, loss } of points) {
    expect(Math.abs(step - 1 - error)).toBeLessThanOrEqual(0.5);
    expect(loss).toBeCloseTo(2 * error);
  }
});

test("the steps of a point are counted in steps, also when only every tenth was recorded", () => {
  const sparse = curve(800).map((point) => ({ ...point, step: 10 * point.step }));
  expect(smoothCurve(sparse).stepsPerPoint).toBe(100);
});

test("a rest of less than half a point is left out, a longer one is a point of its own", () => {
  // Three to a point: 54 of them and one left over, or two.
  const [one, two] = [163, 164].map((length) => smoothCurve(curve(length)).points);
  expect([one.length, two.length]).toEqual([54, 55]);
  expect(one.at(-1)).toEqual({ step: 161, loss: 320, error: 160 });
  expect(two.at(-1)).toEqual({ step: 164, loss: 325, error: 162.5 });
});

test("the steps of a point do not depend on where a curve begins", () => {
  const late = curve(800).map((point) => ({ ...point, step: 5000 + point.step }));
  expect(smoothCurve(late).stepsPerPoint).toBe(10);
});

test("values that are not finite do not spoil their neighbours", () => {
  const { points } = smoothCurve([...curve(10), { step: 11, loss: NaN, error: Infinity }]);
  expect(points).toHaveLength(10);
});

test("an empty curve stays empty", () => {
  expect(smoothCurve([])).toEqual({ points: [], stepsPerPoint: 1 });
});
