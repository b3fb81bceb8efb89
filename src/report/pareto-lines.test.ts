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

test("where ranks are scores, they are called so", () => {
  const lines = formatParetoLines(paretoFronts(trials, "loss+naswot"), "loss+naswot");
  expect(lines[0]).toMatch(/^least mean rank for its parameters: \d+\.\d at \d+k, /);
});

test("errors are percent, and there is nothing to say without trials", () => {
  expect(formatParetoLines(paretoFronts(trials, "error"), "error")[0]).toMatch(/: [\d.]+ % at /);
  expect(formatParetoLines(paretoFronts([], "loss"), "loss")).toEqual([]);
});
