import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reduceArchitecture } from "../arch/index.js";
import { resolveConfig } from "../config/index.js";
import { generateSynthetic } from "../data/index.js";
import { fitSurrogate, type Trial } from "../search/index.js";
import { disposeAll } from "../nn/index.js";
import { loadCheckpoint, readTrials, RunFolder } from "../store/index.js";
import { defaultDevice, setThreads } from "../tensor/index.js";
import type { RunEvent } from "./events.js";
import { trainingFactsSchema } from "./facts.js";
import { readExamples } from "./learn-surrogate.js";
import { runRank } from "./rank-job.js";
import { runSearch, type SearchJob } from "./search-job.js";
import { readRun } from "./write-report.js";

const folder = mkdtempSync(join(tmpdir(), "smash-surrogate-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => setThreads(1));

const dataset = generateSynthetic({ trainCount: 240, testCount: 50 });
const networks = 8;
/** 200 training images, in batches of 50. */
const steps = 4;

function jobOf(name: string, { rate = 0.05 }: { readonly rate?: number } = {}): SearchJob {
  const config = resolveConfig({
    preset: "tiny",
    overrides: {
      hypernetTraining: { steps: 2, validateEvery: 2, validationArchitectures: 1 },
      ranking: {
        ...{ images: 50, calibrationImages: 50, counts: { random: 2, perturb: 1, chain: 1 } },
        ...{ rankedBy: "predicted", surrogate: { networks, epochs: 1, batchSize: 50 } },
      },
      networkTraining: { rate, checkpointEvery: 2 },
    },
    dataset: { ...dataset, classes: dataset.classes.length },
    seed: 0,
    device: defaultDevice(),
    threads: 1,
    precision: "fp32",
  });
  return { folder: new RunFolder(join(folder, name)), config, dataset };
}

interface Stop {
  readonly type?: RunEvent["type"];
  readonly after?: number;
  readonly isKilled?: boolean;
}

/** Tells what it was told; stops, or fails as abruptly as a process that is killed, after so many events. */
function contextThatStops({ type: counted = "trial", after = Infinity, isKilled = false }: Stop = {}) {
  const told: RunEvent[] = [];
  const count = () => told.filter(({ type }) => type === counted).length;
  return {
    told,
    emit: (event: RunEvent) => {
      told.push(event);
      if (event.type === counted && isKilled && count() >= after) throw new Error("killed");
    },
    shouldStop: () => count() >= after,
    now: () => 0,
  };
}

async function open(job: SearchJob): Promise<SearchJob> {
  await job.folder.open(job.config, { smash: "0", node: "0", libtorch: "0" });
  return job;
}

const trialsOf = ({ folder }: SearchJob): readonly Trial[] => readTrials(folder.trialsPath);
const checkpointsOf = ({ folder }: SearchJob) => readdirSync(join(folder.path, "checkpoints"));

describe("a ranking by predicted errors", () => {
  it("has a surrogate of as many networks as it is to learn from, which says of each trial what it expects", async () => {
    const job = await open(jobOf("whole"));
    const context = contextThatStops();
    const { ranking } = await runSearch(job, context);
    const examples = await readExamples(job.folder);
    expect(examples).toHaveLength(networks);
    const { predict } = fitSurrogate(examples);
    for (const trial of ranking) expect(trial.predictedError).toBe(predict(trial));
    const predicted = ranking.map(({ predictedError }) => predictedError!);
    expect(predicted).toEqual(predicted.toSorted((one, other) => one - other));
    const phases = context.told.flatMap((event) => (event.type === "phase" ? [event] : []));
    expect(phases.map(({ phase }) => phase)).toEqual(["hypernet", "surrogate", "ranking"]);
    expect(phases[1]).toMatchObject({ done: 0, total: networks * steps });
    expect(context.told.filter(({ type }) => type === "surrogate-step")).toHaveLength(networks * steps);
    expect(checkpointsOf(job)).toEqual(["hypernet.safetensors"]);
    // None is a trial: scores of what the surrogate has seen would flatter it.
    const seen = new Set(examples.map(({ architecture }) => JSON.stringify(architecture)));
    expect(ranking.filter(({ architecture }) => seen.has(JSON.stringify(architecture)))).toEqual([]);
  });

  it("trains networks of fewer channels, on smaller images", async () => {
    const job = await open(jobOf("reduced"));
    await expect(runSearch(job, contextThatStops({ type: "surrogate-step", after: 3 }))).rejects.toThrow(
      "of a reduced network's training",
    );
    const path = join(job.folder.reducedPath, "0.safetensors");
    const { facts, tensors } = await loadCheckpoint(path, job.config.device, trainingFactsSchema);
    disposeAll(tensors);
    await runToEnd(job);
    const [{ architecture }] = await readExamples(job.folder);
    const reduced = reduceArchitecture(architecture, job.config.ranking.surrogate);
    expect(reduced.input.size).toBe(dataset.size / 2);
    expect(facts).toMatchObject({ architecture: reduced, steps });
  });

  it.each([
    ["stopped", false],
    ["killed", true],
  ])("when %s in a training goes on to the bit-identical ranking", async (name, isKilled) => {
    const whole = await open(jobOf(`${name}-whole`));
    await runToEnd(whole);
    const job = await open(jobOf(name));
    for (const after of [3, 3]) {
      const context = contextThatStops({ type: "surrogate-step", after, isKilled });
      await expect(runSearch(job, context)).rejects.toThrow();
    }
    for (const after of [2, 1]) {
      const context = contextThatStops({ type: "surrogate-network", after, isKilled });
      await expect(runSearch(job, context)).rejects.toThrow();
    }
    await runToEnd(job);
    expect(trialsOf(job)).toEqual(trialsOf(whole));
    expect(readFileSync(job.folder.surrogatePath, "utf8")).toBe(
      readFileSync(whole.folder.surrogatePath, "utf8"),
    );
    expect(checkpointsOf(job)).toEqual(["hypernet.safetensors"]);
  });

  it("of more goes on with the surrogate that the run has", async () => {
    const job = await open(jobOf("more"));
    await runToEnd(job);
    const before = readFileSync(job.folder.surrogatePath, "utf8");
    const context = contextThatStops();
    const more = { random: 2, perturb: 0, chain: 0, evolution: 0, nsga2: 0 };
    const { ranking } = await runRank(job, { more, limits: {} }, context);
    expect(ranking).toHaveLength(6);
    const { predict } = fitSurrogate(await readExamples(job.folder));
    for (const trial of ranking) expect(trial.predictedError).toBe(predict(trial));
    expect(context.told.some(({ type }) => type.startsWith("surrogate"))).toBe(false);
    expect(readFileSync(job.folder.surrogatePath, "utf8")).toBe(before);
  });

  it("is in the report with what the surrogate says of networks it does not know", async () => {
    const job = await open(jobOf("report"));
    await runToEnd(job);
    const { surrogate } = await readRun(job.folder, folder);
    const { checks } = fitSurrogate(await readExamples(job.folder));
    expect(surrogate).toEqual({ networks, seconds: 0, checks });
  });

  it("is refused where too few trainings give an error", async () => {
    const job = await open(jobOf("diverged", { rate: 1e30 }));
    await expect(runToEnd(job)).rejects.toThrow("at least 8 networks");
    // Nothing is trained again for the same answer.
    const context = contextThatStops();
    await expect(runSearch(job, context)).rejects.toThrow("0 of 8");
    expect(context.told.some(({ type }) => type === "surrogate-step")).toBe(false);
    expect(existsSync(job.folder.surrogatePath)).toBe(true);
  });

  it.each([
    ["{", "JSON"],
    ['{ "examples": [{ "architecture": 3 }] }', "examples.0"],
  ])("names a damaged surrogate.json: %s", async (text, message) => {
    const job = await open(jobOf(`damaged-${message}`));
    writeFileSync(job.folder.surrogatePath, text);
    await expect(runToEnd(job)).rejects.toMatchObject({ code: "config" });
    await expect(runToEnd(job)).rejects.toThrow(message);
  });
});

const runToEnd = (job: SearchJob) => runSearch(job, contextThatStops());
