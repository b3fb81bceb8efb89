import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { RunFolder } from "../store/index.js";
import { closeTarget, openTarget, type RankAim } from "./rank-target.js";

const folder = mkdtempSync(join(tmpdir(), "smash-target-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const aim: RankAim = {
  more: { random: 4, perturb: 2, chain: 0, evolution: 0, nsga2: 0 },
  limits: {},
  fineTune: 0,
  finalists: 0,
};
const openRun = () => new RunFolder(mkdtempSync(join(folder, "run-")));

it("a sitting that was cut short goes on from where it began, until it is over", async () => {
  const run = openRun();
  expect(await openTarget(run, aim, 10)).toBe(10);
  expect(await openTarget(run, aim, 13)).toBe(10);
  expect(await openTarget(run, aim, 16)).toBe(10);
  await closeTarget(run);
  expect(await openTarget(run, aim, 16)).toBe(16);
});

it("another aim begins anew", async () => {
  const run = openRun();
  await openTarget(run, aim, 10);
  expect(await openTarget(run, { ...aim, finalists: 2 }, 13)).toBe(13);
});

it.each([
  ["its trials were moved away", 3],
  ["a search has added trials", 17],
])("begins anew where %s", async (_, count) => {
  const run = openRun();
  await openTarget(run, aim, 10);
  expect(await openTarget(run, aim, count)).toBe(count);
});
