import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveConfig, type RunConfig } from "../config/index.js";
import { generateSynthetic } from "../data/index.js";
import { chooseFinalists, rankTrials, type Trial } from "../search/index.js";
import { RunFolder, TrialStore } from "../store/index.js";
import { defaultDevice, setThreads } from "../tensor/index.js";
import type { RunEvent } from "./events.js";
import { runRank, type RankRequest } from "./rank-job.js";
import { runSearch, type SearchJob } from "./search-job.js";
import { runTrain } from "./train-job.js";

const folder = mkdtempSync(join(tmpdir(), "smash-rank-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => setThreads(1));

const dataset = generateSynthetic({ trainCount: 400, testCount: 50 });
interface Changes {
  readonly networkTraining?: Partial<RunConfig["networkTraining"]>;
  readonly finalistSteps?: number;
}

const configOf = ({ networkTraining = {}, finalistSteps = 4 }: Changes) =>
  resolveConfig({
    preset: "tiny",
    overrides: {
      hypernetTraining: { steps: 2, validateEvery: 2, validationArchitectures: 1 },
      ranking: {
        ...{ images: 50, calibrationImages: 50, counts: { random: 2, perturb: 0, chain: 0 } },
        finalists: { steps: finalistSteps },
      },
      networkTraining,
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
async function openRun(name: string, changes: Changes = {}): Promise<SearchJob> {
  const job = { folder: new RunFolder(join(folder, name)), config: configOf(changes), dataset };
  await job.folder.open(job.config, { smash: "0", node: "0", libtorch: "0" });
  await runSearch(job, contextThatStops());
  return job;
}

interface Stop {
  readonly type?: RunEvent["type"];
  readonly after?: number;
  readonly isKilled?: boolean;
}

/** Stops, or fails as abruptly as a process that is killed, after so many trials or other events. */
function contextThatStops({ type: counted = "trial", after = Infinity, isKilled = false }: Stop = {}) {
  let events = 0;
  return {
    emit: ({ type }: RunEvent) => {
      if (type === counted && ++events >= after && isKilled) throw new Error("killed");
    },
    shouldStop: () => events >= after,
    now: () => 0,
  };
}

function trialsOf(run: RunFolder): readonly Trial[] {
  const store = new TrialStore(run.trialsPath);
  const trials = store.list();
  store.close();
  return trials;
}

const idsOf = (trials: readonly Trial[]) => trials.map(({ id }) => id);

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

describe("finalists", () => {
  const tested = { more: counts, limits: {}, finalists: 2 };
  /** Saved in the middle of every epoch of 4 steps, and not only at its end. */
  const changes = { networkTraining: { checkpointEvery: 2 } };
  /** Written by the first test. */
  const otherNetwork = join(folder, "alone.safetensors");
  const filesOf = (job: SearchJob) => readdirSync(join(job.folder.path, "checkpoints"));

  it("are the best of different families, trained as a winner is but for less long, and lead by their errors", async () => {
    const job = await openRun("finalists", changes);
    await runRank(job, asked, contextThatStops());
    const before = trialsOf(job.folder);
    const chosen = idsOf(chooseFinalists(before, { count: 4, rankedBy: "loss" }));
    // Steps of the chain are of the family of a random one.
    expect(before.filter(({ parent }) => parent !== undefined).length).toBe(3);
    const { ranking, best } = await runRank(job, { ...tested, finalists: 4 }, contextThatStops());
    const finalists = ranking.filter(({ trained }) => trained);
    expect(ranking.slice(0, 4)).toEqual(finalists);
    expect(idsOf(finalists).toSorted()).toEqual(chosen.toSorted());
    const others = idsOf(rankTrials(before, "loss")).filter((id) => !chosen.includes(id));
    expect(idsOf(ranking.slice(4))).toEqual(others);
    const errors = finalists.map(({ trained }) => trained!.validationError);
    expect(errors).toEqual(errors.toSorted((one, other) => one - other));
    expect(best).toEqual(ranking[0]);
    expect(JSON.parse(readFileSync(job.folder.bestPath, "utf8"))).toEqual(best.architecture);
    // Nothing but the length differs from the training of a winner.
    const { architecture, trained } = finalists[0];
    const checkpoint = otherNetwork;
    const brief = configOf({ networkTraining: { ...changes.networkTraining, epochs: 1 } });
    const alone = await runTrain({ config: brief, dataset, architecture, checkpoint }, contextThatStops());
    expect(alone.validationError).toBe(trained!.validationError);
  });

  it.each([
    // In the middle of the first one, and of the second one twice; a kill loses what came after the last save.
    ["stopped", { isKilled: false, moments: [3, 2, 2] }],
    ["killed", { isKilled: true, moments: [3, 3, 3] }],
  ])("when %s in a training go on to what they would have been", async (name, { isKilled, moments }) => {
    const whole = await openRun(`finalists-${name}-whole`, changes);
    const { ranking } = await runRank(whole, tested, contextThatStops());
    const job = await openRun(`finalists-${name}`, changes);
    for (const after of moments) {
      const context = contextThatStops({ type: "finalist-step", after, isKilled });
      await expect(runRank(job, tested, context)).rejects.toThrow(
        isKilled ? "killed" : "of 4 of a finalist's training;",
      );
    }
    const told: RunEvent[] = [];
    const context = { ...contextThatStops(), emit: (event: RunEvent) => told.push(event) };
    expect((await runRank(job, tested, context)).ranking).toEqual(ranking);
    expect(trialsOf(job.folder)).toEqual(trialsOf(whole.folder));
    // What was done is not done again.
    expect(told).toContainEqual({ type: "phase", phase: "finalists", done: 4, total: 8 });
    expect(told.filter(({ type }) => type === "finalist-step").length).toBeLessThan(4);
    expect(filesOf(job)).toEqual(["hypernet.safetensors"]);
  });

  it.each([
    [4, 1],
    [5, 2],
    [500, 2],
  ])(
    "of %i steps have %i epochs of 4: whole ones, and no more than a training has",
    async (steps, epochs) => {
      const job = await openRun(`finalists-${steps}`, { ...changes, finalistSteps: steps });
      const told: RunEvent[] = [];
      const context = { ...contextThatStops(), emit: (event: RunEvent) => told.push(event) };
      const { best } = await runRank(job, { ...tested, finalists: 1 }, context);
      expect(best.trained!.epochs).toBe(epochs);
      expect(told.filter(({ type }) => type === "finalist-step")).toHaveLength(4 * epochs);
    },
  );

  it("have a rate that falls to 0, also where a whole training only begins to be warm by then", async () => {
    const training = { ...changes.networkTraining, warmup: 2 };
    const job = await openRun("finalists-warm", { networkTraining: training });
    const { best } = await runRank(job, { ...tested, finalists: 1 }, contextThatStops());
    const brief = configOf({ networkTraining: { ...training, warmup: 0.3, epochs: 1 } });
    const checkpoint = join(folder, "warm.safetensors");
    const { architecture, trained } = best;
    const alone = await runTrain({ config: brief, dataset, architecture, checkpoint }, contextThatStops());
    expect(alone.validationError).toBe(trained!.validationError);
  });

  it.each([
    ["of another network", (path: string, other: string) => copyFileSync(other, path)],
    ["damaged", (path: string) => writeFileSync(path, "no safetensors")],
  ])("a checkpoint %s, left by what was stopped, is passed over", async (name, spoil) => {
    const whole = await openRun(`finalists-left-${name}-whole`, changes);
    const { ranking } = await runRank(whole, tested, contextThatStops());
    const job = await openRun(`finalists-left-${name}`, changes);
    const stop = contextThatStops({ type: "finalist-step", after: 3 });
    await expect(runRank(job, tested, stop)).rejects.toThrow();
    const files = readdirSync(join(job.folder.path, "checkpoints", "finalists"));
    const [left] = files.filter((name) => /^\d+\.safetensors$/.test(name));
    spoil(join(job.folder.path, "checkpoints", "finalists", left), otherNetwork);
    expect((await runRank(job, tested, contextThatStops())).ranking).toEqual(ranking);
    expect(filesOf(job)).toEqual(["hypernet.safetensors"]);
  });

  it("are trained once: more of them, and better ones, join those that are", async () => {
    const job = await openRun("finalists-more", changes);
    await runRank(job, { ...tested, finalists: 1 }, contextThatStops());
    const [first] = trialsOf(job.folder).filter(({ trained }) => trained);
    const told: RunEvent[] = [];
    const context = { ...contextThatStops(), emit: (event: RunEvent) => told.push(event) };
    const { ranking } = await runRank(job, { ...asked, finalists: 3 }, context);
    const trainedNow = told.flatMap((event) => (event.type === "finalist" ? event.trial.id : []));
    expect(trainedNow).not.toContain(first.id);
    const finalists = idsOf(ranking.filter(({ trained }) => trained));
    expect(ranking).toContainEqual(first);
    const chosen = idsOf(chooseFinalists(ranking, { count: 3, rankedBy: "loss" }));
    expect(new Set(finalists)).toEqual(new Set([first.id, ...chosen]));
  });

  it("keep to the limits of their sitting", async () => {
    const job = await openRun("finalists-limits", changes);
    await runRank(job, asked, contextThatStops());
    const parameters = Math.min(...trialsOf(job.folder).map((trial) => trial.parameters));
    const { ranking } = await runRank(job, { ...tested, limits: { parameters } }, contextThatStops());
    const trained = trialsOf(job.folder).filter((trial) => trial.trained);
    expect(trained.length).toBeGreaterThan(0);
    expect(trained.every((trial) => trial.parameters === parameters)).toBe(true);
    expect(ranking).toEqual(expect.arrayContaining([...trained]));
  });

  it("are refused where nothing of the run is within the limits", async () => {
    const job = await openRun("finalists-none", changes);
    await expect(runRank(job, { ...tested, limits: { flops: 1 } }, contextThatStops())).rejects.toThrow(
      "none of 2 with at most 1 multiply-adds",
    );
  });

  it("whose training diverges do not end the search, and are not trained again", async () => {
    const networkTraining = { ...changes.networkTraining, rate: 1e30 };
    const job = await openRun("finalists-diverged", { networkTraining });
    const { ranking } = await runRank(job, tested, contextThatStops());
    expect(ranking.map(({ trained }) => trained?.validationError)).toEqual([NaN, NaN]);
    expect(filesOf(job)).toEqual(["hypernet.safetensors"]);
    const told: RunEvent[] = [];
    const context = { ...contextThatStops(), emit: (event: RunEvent) => told.push(event) };
    const again = await runRank(job, tested, context);
    expect(idsOf(again.ranking)).toEqual(idsOf(ranking));
    expect(told.map(({ type }) => type)).toEqual(["rank"]);
  });
});
