import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { countCost, createSpace, drawArchitecture } from "../arch/index.js";
import { resolveConfig } from "../config/index.js";
import { describeDataset } from "../data/index.js";
import { Random } from "../random.js";
import { planTrials, rankTrials, type Trial } from "../search/index.js";
import { RunFolder, TrialStore } from "../store/index.js";
import type { RunEvent } from "./events.js";
import { trainingRecipe } from "./same-training.js";
import { readRun, writeReport } from "./write-report.js";

const root = mkdtempSync(join(tmpdir(), "smash-report-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const dataset = await describeDataset("synthetic", { dataDir: root });
const configOf = (overrides: object = {}) =>
  resolveConfig({
    preset: "tiny",
    overrides,
    dataset: { ...dataset, classes: dataset.classes.length },
    ...{ seed: 0, device: "cpu", threads: 1, precision: "fp32" },
  });
const { counts } = configOf().ranking;
const space = createSpace(configOf().space);
const trials = planTrials(counts).map(({ name: origin }, id): Trial => {
  const architecture = space.sample(Random.stream(id));
  const scores = { validationError: 0.5, validationLoss: 1 + ((7 * id) % 12) };
  return { id, architecture, origin, ...scores, ...countCost(architecture) };
});
const [best, second] = rankTrials(trials, "loss");

/** A run as its commands would have left it. */
async function runOf(
  name: string,
  {
    scored = trials,
    events = [],
    overrides = {},
    dataset = "synthetic",
  }: {
    readonly scored?: readonly Trial[];
    readonly events?: readonly (RunEvent | { readonly type: "trained" })[];
    readonly overrides?: object;
    readonly dataset?: string;
  } = {},
): Promise<RunFolder> {
  const folder = new RunFolder(join(root, name));
  await folder.open({ ...configOf(overrides), dataset }, { smash: "0", node: "0", libtorch: "0" });
  const store = new TrialStore(folder.trialsPath);
  for (const trial of scored) store.add(trial);
  store.close();
  for (const event of events) folder.appendEvent(event);
  return folder;
}

const read = async (name: string, parts: Parameters<typeof runOf>[1]) =>
  readRun(await runOf(name, parts), root);

async function page(folder: RunFolder): Promise<string> {
  const html = readFileSync(await writeReport(folder, root), "utf8");
  return html.replace(/\s+/g, " ");
}

function training({ architecture }: Trial, epochs: number, checkpoint: string) {
  const config = configOf({ networkTraining: { epochs } });
  const begun = [
    { type: "train", checkpoint, dataset: "synthetic", architecture, recipe: trainingRecipe(config) },
    { type: "phase", phase: "network", done: 0, total: epochs },
  ] as const;
  const told = Array.from({ length: epochs }, (_, index): RunEvent => {
    const values = { trainLoss: 1, trainError: 0.5, validationLoss: 1, validationError: 0.5, isBest: true };
    return { type: "network-epoch", epoch: index + 1, ...values };
  });
  const result = { architecture, ...countCost(architecture), epochs, checkpoint };
  return {
    begun: [...begun, ...told.slice(0, 1)],
    whole: [
      ...begun,
      ...told,
      { type: "phase-done", phase: "network", seconds: 10 * epochs } as const,
      {
        ...{ type: "trained" as const, ...result },
        ...{ validationError: 0.5, testError: 0.25, testTop5Error: 0 },
      },
    ],
  };
}

it("a run is ranked once it has all trials of its plan; before, its best is the leader so far", async () => {
  expect(await read("empty", { scored: [] })).toMatchObject({ status: "training-hypernet", isRanked: false });
  const unfinished = await runOf("unfinished", { scored: trials.slice(0, -1) });
  expect(await readRun(unfinished, root)).toMatchObject({ status: "ranking", isRanked: false });
  expect(await page(unfinished)).toContain("The leader so far");
  const finished = await runOf("finished");
  expect(await readRun(finished, root)).toMatchObject({ status: "ranked", isRanked: true });
  const html = await page(finished);
  expect(html).toContain(`<span class="status">ranked</span>`);
  expect(html).toContain("<h2>The winner</h2>");
  expect(html).not.toContain("so far");
});

it("a run that fine-tunes its best is ranked when that is done", async () => {
  const overrides = { ranking: { fineTuning: { best: 2 } } };
  const fineTuned = { validationError: 0.4, validationLoss: 0.9 };
  const tuned = (count: number) =>
    trials.map((trial) => (trial.id < count ? { ...trial, fineTuned } : trial));
  expect(await read("tuning", { overrides, scored: tuned(1) })).toMatchObject({ status: "ranking" });
  expect(await read("tuned", { overrides, scored: tuned(2) })).toMatchObject({ status: "ranked" });
});

it("a run with finalists is ranked when these are trained", async () => {
  const overrides = { ranking: { finalists: { count: 2 } } };
  const trained = { epochs: 3, validationError: 0.4, validationLoss: 0.9 };
  const withTrained = (count: number) =>
    trials.map((trial) => (trial.id < count ? { ...trial, trained } : trial));
  expect(await read("finals", { overrides, scored: withTrained(1) })).toMatchObject({ status: "ranking" });
  expect(await read("finals-over", { overrides, scored: withTrained(2) })).toMatchObject({
    status: "ranked",
  });
});

it("a run whose network is in training is of that network", async () => {
  const run = await read("training", { events: training(second, 4, "rank-2").begun });
  expect(run).toMatchObject({ status: "training-network", inTraining: second.architecture });
});

it("after a second training the report is of that alone", async () => {
  const events = [...training(best, 4, "best").whole, ...training(second, 2, "rank-2").whole];
  const folder = await runOf("twice", { events });
  const { status, trained, reproduce } = await readRun(folder, root);
  expect(status).toBe("done");
  expect(trained).toMatchObject({ epochs: 2, seconds: 20, architecture: second.architecture });
  expect(trained!.curve.map(({ epoch }) => epoch)).toEqual([1, 2]);
  expect(reproduce.at(-1)).toMatch(/--rank 2( --epochs 2)?$/);
  const html = await page(folder);
  expect(html).toContain(drawArchitecture(second.architecture).replace(/\s+/g, " "));
  expect(html).toContain("The trained network");
});

it("what smash rank was asked for is in the commands", async () => {
  const more = { random: 2, perturb: 0, chain: 0, evolution: 0, nsga2: 0 };
  const added = trials.slice(0, 2).map((trial): Trial => ({ ...trial, id: 12 + trial.id, origin: "random" }));
  const tuned = { ...added[0], fineTuned: { validationError: 0.4, validationLoss: 0.9 } };
  const { reproduce } = await read("ranked-more", {
    scored: [...trials, ...added],
    events: [
      { type: "rank", done: 12, more, limits: { parameters: 2300 }, fineTune: 0 },
      { type: "rank", done: 14, more: { ...more, random: 0 }, limits: {}, fineTune: 1 },
      { type: "fine-tuned", trial: tuned },
    ],
  });
  expect(reproduce.slice(1, -1)).toEqual([
    expect.stringMatching(/^npx smash rank .* --samples 2 --max-parameters 2300$/),
    expect.stringMatching(/^npx smash rank .* --fine-tune 1$/),
  ]);
});

it("a run whose images are gone still has its report, and its commands", async () => {
  const folder = await runOf("gone", { dataset: "folder:/nowhere/photos" });
  const { dataset, reproduce } = await readRun(folder, root);
  expect(dataset).toMatchObject({ name: "folder:/nowhere/photos", trainImages: undefined });
  expect(dataset.classes).toHaveLength(10);
  expect(reproduce.at(-2)).toContain("--data folder:/nowhere/photos");
  expect(await page(folder)).toContain("folder:/nowhere/photos");
});

it("a report does not fetch a data set that is not there", async () => {
  const folder = await runOf("not-fetched", { dataset: "cifar10" });
  expect(await readRun(folder, root)).toMatchObject({ dataset: { name: "cifar10", testImages: undefined } });
});

it("what is no event in a run's log is passed over", async () => {
  const folder = await runOf("garbage");
  for (const line of [[], null, 7, { type: 3 }]) folder.appendEvent(line as object);
  expect(await readRun(folder, root)).toMatchObject({ status: "ranked" });
});

it("a network trained on another data set is reported with that one", async () => {
  const events = training(best, 2, "best").whole.map((event) =>
    event.type === "train" ? { ...event, dataset: "folder:other" } : event,
  );
  const { trained, dataset } = await read("other-data", { events });
  expect(trained).toMatchObject({ dataset: "folder:other" });
  expect(dataset.name).toBe("synthetic");
});

it("a HyperNet that generates nothing has no parameters of its own", async () => {
  const { hypernet } = await read("shared", { overrides: { hypernet: { generated: "none" } } });
  expect(hypernet.parameters).toBe(0);
  expect(hypernet.freeParameters).toBeGreaterThan(0);
});
