import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { reduceArchitecture } from "../arch/index.js";
import { resolveConfig, type RunConfig } from "../config/index.js";
import { generateSynthetic } from "../data/index.js";
import { fitSurrogate, type Trial } from "../search/index.js";
import { disposeAll } from "../nn/index.js";
import { loadCheckpoint, readTrials, RunFolder } from "../store/index.js";
import { defaultDevice, setThreads } from "../tensor/index.js";
import type { RunEvent } from "./events.js";
import { trainingFactsSchema } from "./facts.js";
import { runRank } from "./rank-job.js";
import { runSearch, type SearchJob } from "./search-job.js";
import { drawExample, readExamples, writeExamples } from "./surrogate-examples.js";
import { readRun } from "./write-report.js";

const folder = mkdtempSync(join(tmpdir(), "smash-surrogate-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => setThreads(1));

const dataset = generateSynthetic({ trainCount: 240, testCount: 50 });
const networks = 8;
/** 200 training images, in batches of 50. */
const steps = 4;

interface Changes {
  readonly rate?: number;
  readonly cutout?: number;
  readonly surrogate?: Partial<RunConfig["ranking"]["surrogate"]>;
}

function jobOf(name: string, { rate = 0.05, cutout, surrogate = {} }: Changes = {}): SearchJob {
  const config = resolveConfig({
    preset: "tiny",
    overrides: {
      hypernetTraining: { steps: 2, validateEvery: 2, validationArchitectures: 1 },
      ranking: {
        ...{ images: 50, calibrationImages: 50, counts: { random: 2, perturb: 1, chain: 1 } },
        ...{ rankedBy: "predicted", surrogate: { networks, steps, batchSize: 50, ...surrogate } },
      },
      networkTraining: { rate, checkpointEvery: 2, ...(cutout !== undefined && { cutout }) },
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
    const examples = await readExamples(job.folder, job.config);
    expect(examples).toHaveLength(networks);
    const { predict } = await fitSurrogate(examples);
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
    const [{ architecture }] = await readExamples(job.folder, job.config);
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
    const { predict } = await fitSurrogate(await readExamples(job.folder, job.config));
    for (const trial of ranking) expect(trial.predictedError).toBe(predict(trial));
    expect(context.told.some(({ type }) => type.startsWith("surrogate"))).toBe(false);
    expect(readFileSync(job.folder.surrogatePath, "utf8")).toBe(before);
  });

  it("is in the report with what the surrogate says of networks it does not know", async () => {
    const job = await open(jobOf("report"));
    await runToEnd(job);
    const { surrogate } = await readRun(job.folder, folder);
    const { checks } = await fitSurrogate(await readExamples(job.folder, job.config));
    expect(surrogate).toEqual({ seconds: 0, checks });
    const begun = await open(jobOf("report-begun"));
    const stop = contextThatStops({ type: "surrogate-network", after: 7 });
    await expect(runSearch(begun, stop)).rejects.toThrow("7 of the surrogate's 8 networks");
    expect((await readRun(begun.folder, folder)).surrogate).toBeUndefined();
  });

  it.each([
    // Whole epochs of 4 steps.
    [{ steps: 5 }, 8],
    // Of 200 images, those that the steps see.
    [{ steps: 2 }, 2],
    [{ steps: 3, batchSize: 100 }, 4],
  ])(
    "trains for whole epochs, on no more images than the steps see: %o is %i steps",
    async (surrogate, each) => {
      const job = await open(jobOf(`length-${JSON.stringify(surrogate).replace(/\W/g, "")}`, { surrogate }));
      const context = contextThatStops({ type: "surrogate-network", after: 1 });
      await expect(runSearch(job, context)).rejects.toThrow("1 of the surrogate's 8");
      expect(context.told.filter(({ type }) => type === "surrogate-step")).toHaveLength(each);
    },
  );

  it("cuts out as large a part of an image as the trainings of whole networks do", async () => {
    const job = await open(jobOf("cutout", { cutout: 6 }));
    await expect(runSearch(job, contextThatStops({ type: "surrogate-step", after: 2 }))).rejects.toThrow();
    const path = join(job.folder.reducedPath, "0.safetensors");
    const { facts, tensors } = await loadCheckpoint(path, job.config.device, trainingFactsSchema);
    disposeAll(tensors);
    expect(facts.recipe).toMatchObject({ cutout: 3 });
  });

  it("stops while images are made smaller, too", async () => {
    const job = await open(jobOf("stopped-early"));
    const context = contextThatStops({ type: "phase", after: 2 });
    await expect(runSearch(job, context)).rejects.toThrow("while the surrogate's images were made smaller");
    expect(context.told.at(-1)).toMatchObject({ type: "phase", phase: "surrogate" });
  });

  it("draws other networks where one has no finite error", async () => {
    const job = await open(jobOf("some-diverged"));
    await expect(runSearch(job, contextThatStops({ type: "surrogate-network", after: 2 }))).rejects.toThrow();
    const [first, ...others] = await readExamples(job.folder, job.config);
    // As if its training had diverged.
    await writeExamples(job.folder, [{ ...first, reducedError: NaN }, ...others]);
    const { ranking } = await runToEnd(job);
    const examples = await readExamples(job.folder, job.config);
    expect(examples).toHaveLength(networks + 1);
    const { predict } = await fitSurrogate(examples.slice(1));
    for (const trial of ranking) expect(trial.predictedError).toBe(predict(trial));
  });

  it("makes do with fewer, where twice as many gave no more, and so does the report", async () => {
    const job = await open(jobOf("fewer", { surrogate: { networks: 9 } }));
    const drawn = Array.from({ length: 18 }, (_, item) => ({
      architecture: drawExample(job.config, item),
      reducedError: item % 2 === 0 && item > 0 ? item / 20 : NaN,
      ...{ validationLoss: 1 + item, naswot: -item },
    }));
    await writeExamples(job.folder, drawn);
    const context = contextThatStops();
    const { ranking } = await runSearch(job, context);
    expect(context.told.some(({ type }) => type === "surrogate-step")).toBe(false);
    const { predict, checks } = await fitSurrogate(drawn);
    expect(checks).toHaveLength(8);
    for (const trial of ranking) expect(trial.predictedError).toBe(predict(trial));
    expect((await readRun(job.folder, folder)).surrogate?.checks).toEqual(checks);
  });

  it("is refused where too few of twice as many give one", async () => {
    const job = await open(jobOf("diverged", { rate: 1e30 }));
    await expect(runToEnd(job)).rejects.toThrow("at least 8 networks");
    expect(await readExamples(job.folder, job.config)).toHaveLength(2 * networks);
    // Nothing is trained again for the same answer.
    const context = contextThatStops();
    await expect(runSearch(job, context)).rejects.toThrow("0 of 0");
    expect(context.told.some(({ type }) => type === "surrogate-step")).toBe(false);
  });

  it("does not learn from examples of another run", async () => {
    const [one, other] = [await open(jobOf("one")), await open(jobOf("other"))];
    await runToEnd(one);
    const [first, ...rest] = await readExamples(one.folder, one.config);
    await writeExamples(other.folder, [...rest, first]);
    await expect(runToEnd(other)).rejects.toThrow("examples.0, whose architecture is of another run");
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
