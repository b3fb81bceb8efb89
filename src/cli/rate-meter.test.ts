import { expect, it } from "vitest";
import { RateMeter } from "./rate-meter.js";

it("knows no rate before the second sample", () => {
  const meter = new RateMeter();
  expect(meter.rate()).toBeUndefined();
  meter.add(5000, 0);
  expect(meter.rate()).toBeUndefined();
});

it("does not credit what a resumed run had done before", () => {
  const meter = new RateMeter();
  meter.add(5000, 0);
  meter.add(5010, 1000);
  expect(meter.rate()).toBe(10);
});

it("follows a change of speed within its window", () => {
  const meter = new RateMeter();
  for (let second = 0; second <= 60; second++) meter.add(100 * second, 1000 * second);
  expect(meter.rate()).toBe(100);
  for (let second = 1; second <= 20; second++) meter.add(6000 + 2 * second, 60_000 + 1000 * second);
  expect(meter.rate()).toBe(2);
});

it("has a rate for steps longer than its window", () => {
  const meter = new RateMeter();
  for (let step = 0; step <= 3; step++) meter.add(step, 50_000 * step);
  expect(meter.rate()).toBe(1 / 50);
});

it("counts fast work exactly", () => {
  const meter = new RateMeter();
  for (let step = 0; step <= 50_000; step++) meter.add(step, step / 2);
  expect(meter.rate()).toBe(2000);
});

it("starts again when the count goes back", () => {
  const meter = new RateMeter();
  meter.add(90, 0);
  meter.add(100, 1000);
  meter.add(0, 2000);
  expect(meter.rate()).toBeUndefined();
  meter.add(4, 3000);
  expect(meter.rate()).toBe(4);
});
