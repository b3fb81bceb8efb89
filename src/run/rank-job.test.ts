import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveConfig } from "../config/index.js";
import { generateSynthetic } from "../data/index.js";
import type { Trial } from "../search/index.js";
import { RunFolder, TrialStore } from "../store/index.js";
import { defaultDevice, setThreads } from "../tensor/index.js";
import type { RunEvent } from "./events.js";
import { runRank, type RankRequest } from "./rank-job.js";
import { runSearch } from "./search-job.js";

const folder = mkdtempSync(join(tmpdir(), "smash-rank-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => setThreads(1));

const dataset = generateSynthetic({ trainCount: 400, testCount: 50 });
const config = resolveConfig({
  preset: "tiny",
  overrides: {
    hypernetTraining: { steps: 2, validateEvery: 2, validationArchitectures: 1 },
    ranking: { images: 50, calibrationImages: 50, counts: { random: 2, perturb: 0, chain: 0 } },
  },
  dataset: { ...dataset, classes: dataset.classes.length },
  seed: 0,
  device: defaultDevice(),
  threads: 1,
  precision: "fp32",
});
const counts = { random: 0, perturb: 0, chain: 0, evolution: 0, nsga2: 0 };
const asked: RankRequest = { more: { ...counts, random: 3, chain: 3 }, limits: {} };

/** A run of two trials. */
async function openRun(name: string) {
  const job = { folder: new RunFolder(join(folder, name)), config, dataset };
  await job.folder.open(config, { smash: "0", node: "0", libtorch: "0" });
  await runSearch(job, contextThatStops());
  return job;
}

/** Stops, or fails as abruptly as a process that is killed, after so many trials. */
function contextThatStops({ after = Infinity, isKilled = false } = {}) {
  let trials = 0;
  return {
    emit: ({ type }: RunEvent) => {
      if (type === "trial" && ++trials >= after && isKilled) throw new Error("killed");
    },
    shouldStop: () => trials >= after,
    now: () => 0,
  };
}

function trialsOf(run: RunFolder): readonly Trial[] {
  const store = new TrialStore(run.trialsPath);
  const trials = store.list();
  store.close();
  return trials;
}

describe("a ranking of more that was cut short", () => {
  it.each([
    ["stopped", false],
    ["killed", true],
  ])("when %s goes on, asked the same again, to what it would have been", async (name, isKilled) => {
    const whole = await openRun(`${name}-whole`);
    await runRank(whole, asked, contextThatStops());
    const job = await openRun(name);
    for (const after of [2, 1]) {
      await expect(runRank(job, asked, contextThatStops({ after, isKilled }))).rejects.toThrow();
    }
    const { ranking } = await runRank(job, asked, contextThatStops());
    expect(ranking).toHaveLength(8);
    expect(trialsOf(job.folder)).toEqual(trialsOf(whole.folder));
  });

  it("has its target in the run's folder until it is reached; then the same asks for more", async () => {
    const job = await openRun("target");
    await expect(runRank(job, asked, contextThatStops({ after: 1 }))).rejects.toThrow("3 of 8");
    expect(existsSync(job.folder.rankTargetPath)).toBe(true);
    await runRank(job, asked, contextThatStops());
    expect(existsSync(job.folder.rankTargetPath)).toBe(false);
    await runRank(job, asked, contextThatStops());
    expect(trialsOf(job.folder)).toHaveLength(14);
  });

  it.each([
    ["number", { ...asked, more: { ...counts, random: 4 } }, 4],
    ["limit", { ...asked, limits: { parameters: 1e9 } }, 6],
  ])("asked for with another %s begins anew", async (name, other, more) => {
    const job = await openRun(`other-${name}`);
    await expect(runRank(job, asked, contextThatStops({ after: 1 }))).rejects.toThrow("3 of 8");
    await runRank(job, other, contextThatStops());
    expect(trialsOf(job.folder)).toHaveLength(3 + more);
  });
});
