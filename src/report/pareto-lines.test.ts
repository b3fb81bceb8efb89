import { expect, test } from "vitest";
import { paretoFronts } from "../search/index.js";
import { fakeRun } from "./fake-run.fixture.js";
import { formatParetoLines } from "./pareto-lines.js";

const { trials } = fakeRun();

test("every cost has a line of at most five points, from the smallest to the best", () => {
  const measured = trials.map((trial) => ({ ...trial, latencyMs: trial.flops / 1e7 }));
  const pareto = paretoFronts(measured, "loss");
  expect(pareto.parameters!.length).toBeGreaterThan(5);
  const lines = formatParetoLines(pareto, "loss");
  expect(lines).toHaveLength(3);
  for (const line of lines) expect(line.split(" at ")).toHaveLength(6);
  expect(lines[0]).toMatch(/^least loss for its parameters: \d\.\d{3} at \d+k, .* at [\d.]+M$/);
  expect(lines[2]).toMatch(/ at [\d.]+ ms$/);
  const best = Math.min(...trials.map(({ validationLoss }) => validationLoss));
  expect(lines[0]).toContain(`, ${best.toFixed(3)} at `);
});

test("a line holds both ends of its front and points evenly between them, at their own cost", () => {
  const points = Array.from({ length: 9 }, (_, index) => ({
    ...{ ...trials[0], id: index, score: 2 - index / 10 },
    ...{ parameters: 10_000 * (index + 1), flops: 1_000_000 * (index + 1), latencyMs: 0.5 * (index + 1) },
  }));
  expect(
    formatParetoLines({ parameters: points, flops: points, latencyMs: points.slice(0, 2) }, "loss"),
  ).toEqual([
    "least loss for its parameters: 2.000 at 10.0k, 1.800 at 30.0k, 1.600 at 50.0k, 1.400 at 70.0k, 1.200 at 90.0k",
    "least loss for its multiply-adds: 2.000 at 1.00M, 1.800 at 3.00M, 1.600 at 5.00M, 1.400 at 7.00M, 1.200 at 9.00M",
    "least loss for its latency: 2.000 at 0.500 ms, 1.900 at 1.00 ms",
  ]);
});

test("where ranks are scores, they are called so", () => {
  const lines = formatParetoLines(paretoFronts(trials, "loss+naswot"), "loss+naswot");
  expect(lines[0]).toMatch(/^least mean rank for its parameters: \d+\.\d at \d+k, /);
});

test("errors are percent, and there is nothing to say without trials", () => {
  expect(formatParetoLines(paretoFronts(trials, "error"), "error")[0]).toMatch(/: [\d.]+ % at /);
  expect(formatParetoLines(paretoFronts([], "loss"), "loss")).toEqual([]);
});
