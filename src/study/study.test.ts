import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import {
  buildCellArchitecture,
  formatCell,
  functionKey,
  parseCell,
  type CellArchitecture,
  type CellSettings,
} from "../arch/index.js";
import { resolveConfig } from "../config/index.js";
import { drawFigure } from "../report/index.js";
import { readExamples } from "../run/index.js";
import { fitSurrogate } from "../search/index.js";
import { withFolderLock } from "../store/index.js";
import { attainableCorrelation, meanRanks, spearman } from "../statistics/index.js";
import { defaultDevice, setThreads } from "../tensor/index.js";
import type { Bench } from "./bench.js";
import { measureCorruption } from "./corruption.js";
import { compare } from "./document.js";
import { planPredictors, planScatter } from "./figures.js";
import type { StudyJob, StudyRequest } from "./request.js";
import { runStudy } from "./run-study.js";
import { StudyFolder } from "./study-folder.js";
import { parseTable } from "./table-file.js";
import { planCapacity } from "./variant-figures.js";
import { readTrainedTruths } from "./trained-truths.js";
import { judgedBy, listVariants } from "./variants.js";

const folder = mkdtempSync(join(tmpdir(), "smash-study-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => setThreads(1));

const header = "architecture,test_accuracy_percent\n";
const lines = [
  "nor_conv_3x3~0|none~0+nor_conv_1x1~1|skip_connect~0+nor_conv_3x3~1+nor_conv_3x3~2,93.5",
  "nor_conv_1x1~0|none~0+none~1|none~0+nor_conv_1x1~1+none~2,80.25",
  "none~0|none~0+none~1|none~0+none~1+none~2,10",
  "avg_pool_3x3~0|none~0+none~1|none~0+skip_connect~1+none~2,30",
  "nor_conv_3x3~0|none~0+none~1|none~0+skip_connect~1+none~2,85",
];
const table = parseTable(header + lines.join("\n"));

const config = resolveConfig({
  preset: "nas-bench-201-tiny",
  overrides: {
    hypernetTraining: { steps: 6, validateEvery: 6, validationArchitectures: 1, checkpointEvery: 2 },
    ranking: { images: 100, calibrationImages: 100, rankedBy: "loss" },
    networkTraining: { epochs: 1 },
    validationImages: 1900,
  },
  dataset: { name: "synthetic", channels: 3, size: 16, classes: 10 },
  seed: 0,
  device: defaultDevice(),
  threads: 1,
  precision: "fp32",
});

const ofMemoryBanks = resolveConfig({
  preset: "tiny",
  dataset: { name: "synthetic", channels: 3, size: 32, classes: 10 },
  ...{ seed: 0, device: "cpu", threads: 1, precision: "fp32" },
});

function makeJob(name: string, request: Partial<StudyRequest> = {}): StudyJob {
  return {
    request: {
      study: "nas-bench-201",
      config,
      table,
      samples: 3,
      seeds: 2,
      proxies: ["parameters", "synflow"],
      ...request,
    },
    out: join(folder, name),
    versions: { smash: "0", node: "0", libtorch: "0" },
    dataDir: folder,
    threads: 1,
  };
}

function contextThatStops(after = Infinity) {
  let measured = 0;
  return {
    emit: (event: { readonly type: string }) => {
      if (event.type === "study-progress" || event.type === "hypernet-step") measured++;
    },
    shouldStop: () => measured >= after,
    now: () => measured,
  };
}

describe("a table of cells", () => {
  it("gives cells and true errors", () => {
    expect(table[0].cell).toBe(lines[0].split(",")[0]);
    expect(table.map(({ error }) => error.toFixed(4))).toEqual([
      "0.0650",
      "0.1975",
      "0.9000",
      "0.7000",
      "0.1500",
    ]);
  });

  it("with a limit gives rows from all over it", () => {
    const limited = parseTable(header + lines.join("\n"), 3);
    expect(limited.map(({ error }) => Math.round(100 * error))).toEqual([6, 20, 70]);
  });

  it.each([
    ["cell,accuracy\n", "first line"],
    [`${header}none~0|none~0+none~1|none~0+none~1+none~2,101\n`, "line 2"],
    [`${header}${lines[0]}\n`, "at least 3"],
    ["\n" + header + "\nnone~0|none~0+none~1|none~0+none~1+none~2,101\n", "line 4"],
    [`${header}none~0|none~0+none~1|none~0+none~1+none~2,\n`, "line 2"],
    [`${header}${lines[0]}\nnothing~0|none~0+none~1|none~0+none~1+none~2,90\n`, "Line 3"],
  ])("is refused when it is wrong", (text, message) => {
    expect(() => parseTable(text)).toThrow(message);
  });
});

describe("a study", () => {
  it.each([2, 8, 13])("stopped after %i steps goes on to the same document", async (after) => {
    const withoutTimes = ({
      architecturesPerMinute: _,
      figures,
      ...rest
    }: Awaited<ReturnType<typeof runStudy>>) => ({
      ...rest,
      figures: figures.length,
    });
    const job = makeJob(`stopped-${after}`);
    await expect(runStudy(job, contextThatStops(after))).rejects.toMatchObject({ code: "interrupted" });
    const resumed = withoutTimes(await runStudy(job, contextThatStops()));
    expect(resumed).toEqual(withoutTimes(await runStudy(makeJob("whole"), contextThatStops())));
  });

  it("writes the contract's fields and its figures", async () => {
    const job = makeJob("whole");
    const result = await runStudy(job, contextThatStops());
    expect(result).toMatchObject({ study: "nas-bench-201", n: 5, seedCeiling: null, diverged: null });
    expect(result.scores).toHaveLength(5);
    expect(result.truths).toEqual(table.map(({ error }) => error));
    expect(Object.keys(result.by)).toEqual(["loss", "error"]);
    expect(Object.keys(result.baselines)).toEqual(["parameters", "synflow"]);
    expect(Object.keys(result.values)).toEqual(["loss", "error", "parameters", "synflow"]);
    expect(result.values.loss).toEqual(result.scores);
    expect(result.interval95.spearman[0]).toBeLessThanOrEqual(result.interval95.spearman[1]);
    for (const figure of result.figures) expect(readFileSync(figure, "utf8")).toMatch(/^<svg/);
    const saved = JSON.parse(readFileSync(join(job.out, "result.json"), "utf8")) as typeof result;
    expect(saved.spearman).toBe(result.spearman);
  });

  it("says what the loss and NASWOT predict together, whichever is asked for", async () => {
    const job = makeJob("loss", { proxies: ["naswot"] });
    const { by, scores: losses } = await runStudy(job, contextThatStops());
    expect(Object.keys(by)).toEqual(["loss", "error", "loss+naswot"]);
    const lines = readFileSync(join(job.out, "measurements.jsonl"), "utf8").trim().split("\n");
    const naswot = lines
      .map((line) => JSON.parse(line) as { measure: string; value: number })
      .filter(({ measure }) => measure === "naswot")
      .map(({ value }) => value);
    const together = meanRanks([losses, naswot]);
    const truths = table.map(({ error }) => error);
    expect(by["loss+naswot"].spearman).toBeCloseTo(spearman(together, truths));
    const ranking = { ...config.ranking, rankedBy: "loss+naswot" } as const;
    const asked = makeJob("together", { proxies: [], config: { ...config, ranking } });
    const result = await runStudy(asked, contextThatStops());
    expect(result.scores).toEqual(together);
    expect(result.spearman).toBe(by["loss+naswot"].spearman);
    expect(Object.keys(result.by)).toEqual(["loss+naswot", "loss", "error"]);
    expect(result.baselines).toEqual({});
  });

  it("by predicted errors has a surrogate of its own, or the one of the run it is about", async () => {
    const surrogate = { ...config.ranking.surrogate, networks: 14, steps: 5, batchSize: 20 };
    const predicting = {
      ...config,
      ranking: { ...config.ranking, rankedBy: "predicted", surrogate },
    } as const;
    const job = makeJob("predicted", { config: predicting, proxies: ["parameters"] });
    // Stopped when three of its networks are trained.
    let trained = 0;
    const stops = {
      ...contextThatStops(),
      emit: ({ type }: { readonly type: string }) => void (trained += Number(type === "surrogate-network")),
      shouldStop: () => trained >= 3,
    };
    await expect(runStudy(job, stops)).rejects.toThrow("3 of the surrogate's 14 networks");
    const result = await runStudy(job, contextThatStops());
    expect(Object.keys(result.by)).toEqual(["predicted", "loss", "error", "loss+naswot"]);
    const run = new StudyFolder(job.out).run("hypernet");
    const examples = await readExamples(run, predicting);
    expect(examples).toHaveLength(14);
    /** What a surrogate has seen is no test of it. */
    const examplesBeside = (rows: typeof table) => {
      const space = predicting.space as CellSettings;
      const keys = new Set(
        rows.map(({ cell }) => functionKey(buildCellArchitecture(space, parseCell(cell)))),
      );
      return examples.filter(({ architecture }) => !keys.has(functionKey(architecture)));
    };
    const { predict } = await fitSurrogate(examplesBeside(table));
    const { loss, predicted } = result.values;
    const naswots = new Map(
      (await new StudyFolder(job.out).readMeasurements())
        .filter(({ measure }) => measure === "naswot")
        .map(({ item, value }) => [item, value]),
    );
    table.forEach(({ cell }, item) => {
      const architecture = buildCellArchitecture(predicting.space as CellSettings, parseCell(cell));
      const known = { architecture, validationLoss: loss[item], naswot: naswots.get(item)! };
      expect(predicted[item]).toBe(predict(known));
    });
    const other = makeJob("predicted-of-run", { config: predicting, proxies: [], run: run.path });
    expect((await runStudy(other, contextThatStops())).values.predicted).toEqual(predicted);
    expect(existsSync(join(other.out, "runs"))).toBe(false);
    // Scored on other images, its examples are not those of the study.
    const images = { ...predicting, ranking: { ...predicting.ranking, images: 200 } } as const;
    const apart = makeJob("predicted-apart", { config: images, proxies: [], run: run.path });
    await runStudy(apart, contextThatStops());
    expect(await readExamples(new StudyFolder(apart.out).run("hypernet"), images)).toHaveLength(14);
    const cells = examples
      .slice(0, 3)
      .map(({ architecture }) => formatCell((architecture as CellArchitecture).cell));
    const seen = parseTable(
      [header.trim(), ...cells.map((cell, place) => `${cell},${80 + place}`)].join("\n"),
    );
    const judged = makeJob("predicted-seen", { config: predicting, proxies: [], run: run.path, table: seen });
    const unseen = await fitSurrogate(examplesBeside(seen));
    const { values } = await runStudy(judged, contextThatStops());
    const own = examples.slice(0, 3).map((example) => unseen.predict(example));
    values.predicted.forEach((value, item) => expect(value).toBeCloseTo(own[item], 12));
  });

  it.each([
    [
      "with a run, where it trains HyperNets of its own",
      { study: "seeds", run: "runs/x" },
      "leave out --run",
    ],
    ["on cells, in another space", { config: ofMemoryBanks }, "NAS-Bench-201"],
  ] as const)("leaves nothing behind that says it has begun: %s", async (name, request, message) => {
    const job = makeJob(`refused-${name.length}`, request);
    await expect(runStudy(job, contextThatStops())).rejects.toThrow(message);
    expect(existsSync(join(job.out, "study.json"))).toBe(false);
  });

  it("is refused while another process works on it", async () => {
    const job = makeJob("locked");
    await withFolderLock({ path: job.out, holds: "study" }, () =>
      expect(runStudy(job, contextThatStops())).rejects.toThrow("One process at a time works on a study"),
    );
  });

  it("is refused when another one is in its folder", async () => {
    await expect(runStudy(makeJob("whole", { proxies: [] }), contextThatStops())).rejects.toThrow(
      "proxies was",
    );
  });

  it("begun by a version that had fewer settings goes on, and a damaged one is named", async () => {
    const job = makeJob("older", { study: "correlation", table: undefined, samples: 3 });
    const folder = new StudyFolder(job.out);
    await folder.open(job.request, job.versions);
    const path = join(job.out, "study.json");
    const saved = JSON.parse(readFileSync(path, "utf8")) as { config: { ranking: Record<string, unknown> } };
    expect(saved.config.ranking.against).toBe("parameters");
    delete saved.config.ranking.against; // it has a default
    writeFileSync(path, JSON.stringify(saved));
    await folder.open(job.request, job.versions);
    await expect(folder.open({ ...job.request, seeds: 9 }, job.versions)).rejects.toThrow(
      "seeds was 2, now 9",
    );
    writeFileSync(path, "{");
    await expect(folder.open(job.request, job.versions)).rejects.toThrow("must be JSON");
  });

  it("without a table trains what it scored, with every seed, and gives the ceiling", async () => {
    const job = makeJob("correlation", { study: "correlation", table: undefined, proxies: [] });
    const { truths, truthsBySeed, seedCeiling, attainable, n, diverged } = await runStudy(
      job,
      contextThatStops(),
    );
    expect(diverged).toBe(0);
    expect(truths).toEqual(truthsBySeed![0].map((error, item) => (error + truthsBySeed![1][item]) / 2));
    expect(n).toBe(3);
    expect(attainable).toBe(attainableCorrelation(seedCeiling!, 2));
    expect(truths.every((truth) => truth > 0 && truth < 1)).toBe(true);
    expect(Math.abs(seedCeiling ?? NaN)).toBeLessThanOrEqual(1);
  }, 60_000);

  it("goes on where a network diverges: its error is chance level, and the study says so", async () => {
    const networkTraining = { ...config.networkTraining, rate: 1e30 };
    const job = makeJob("diverged", {
      study: "correlation",
      table: undefined,
      proxies: ["short-training"],
      config: { ...config, networkTraining },
    });
    const folder = new StudyFolder(job.out);
    await folder.open(job.request, job.versions);
    const known = [0.1, 0.2, 0.3];
    for (const [item, value] of known.entries()) {
      folder.append({ item, measure: "truth.seed0", value });
      if (item > 0) folder.append({ item, measure: "truth.seed1", value });
    }
    const first = await runStudy(job, contextThatStops());
    expect(first.truthsBySeed).toEqual([known, [0.9, 0.2, 0.3]]);
    expect(first.diverged).toBe(1);
    expect(first.values["short-training"]).toEqual([NaN, NaN, NaN]);
    expect(await runStudy(job, contextThatStops())).toEqual(first);
    expect((await readTrainedTruths(job.out, config)).errors).toEqual(first.truthsBySeed);
  }, 60_000);

  it("takes the errors that an earlier study has trained, and trains nothing", async () => {
    const first = makeJob("correlation", { study: "correlation", table: undefined, proxies: [] });
    const { truths, seedCeiling } = await runStudy(first, contextThatStops());
    const trained = await readTrainedTruths(first.out, config);
    expect(trained).toMatchObject({ samples: 3, networkTraining: config.networkTraining });
    const job = makeJob("seeds", { study: "seeds", table: undefined, proxies: [], trained: trained.errors });
    const result = await runStudy(job, contextThatStops());
    expect(result).toMatchObject({ truths, seedCeiling });
    const names = ["mean", "seed-0", "seed-1"].flatMap((name) => [`${name} loss`, `${name} error`]);
    expect(Object.keys(result.by)).toEqual(names);
    expect(result.hypernets.map(({ name }) => name)).toEqual(["seed-0", "seed-1"]);
    expect(result.hypernets[0].parameters.hypernet).toBeGreaterThan(0);
    expect(Math.abs(result.betweenHyperNets ?? NaN)).toBeLessThanOrEqual(1);
    const measurements = readFileSync(join(job.out, "measurements.jsonl"), "utf8");
    expect(measurements).not.toContain("truth");
  }, 60_000);

  it("takes them for a search network with BatchNorms elsewhere: a trained one has them everywhere", async () => {
    const { dataset, seed, device, threads } = config;
    const banks = (space: object) =>
      resolveConfig({
        preset: "tiny",
        overrides: { space },
        dataset: { name: dataset, channels: 3, size: 16, classes: 10 },
        ...{ seed, device, threads, precision: "fp32" },
      });
    const job = makeJob("banks", { study: "correlation", config: banks({}), table: undefined, seeds: 1 });
    const trained = new StudyFolder(job.out);
    await trained.open(job.request, job.versions);
    for (const item of [0, 1, 2]) trained.append({ item, measure: "truth.seed0", value: item / 10 });
    const { errors } = await readTrainedTruths(job.out, banks({ batchNorm: "ops" }));
    expect(errors).toEqual([[0, 0.1, 0.2]]);
    await expect(readTrainedTruths(job.out, banks({ width: 2 }))).rejects.toThrow("space.width was");
  });

  it("does not take errors of other architectures, or of a study that has not trained any", async () => {
    const { out } = makeJob("correlation");
    await expect(readTrainedTruths(out, { ...config, seed: 1 })).rejects.toThrow("seed was 0, now 1");
    await expect(readTrainedTruths(join(folder, "nowhere"), config)).rejects.toThrow("no study");
    await expect(readTrainedTruths(makeJob("whole").out, config)).rejects.toThrow("come from elsewhere");
    const job = makeJob("untrained", { study: "correlation", table: undefined, proxies: [] });
    await expect(runStudy(job, contextThatStops(8))).rejects.toMatchObject({ code: "interrupted" });
    await expect(readTrainedTruths(job.out, config)).rejects.toThrow("which has not");
  });
});

describe("the study of corrupted encodings", () => {
  it("uses one HyperNet and compares the right encoding with a wrong one", async () => {
    const job = makeJob("corrupt", { study: "corrupt", proxies: [] });
    const { by, rightIsBetter, corruption, figures } = await runStudy(job, contextThatStops());
    const wrong = ["corrupted", "corrupted-1", "corrupted-2", "corrupted-4"];
    expect(Object.keys(by)).toEqual(["right", ...wrong].flatMap((name) => [`${name} loss`, `${name} error`]));
    expect(corruption?.map(({ name, elements }) => [name, elements])).toEqual(
      wrong.map((name, index) => [name, [6, 1, 2, 4][index]]),
    );
    expect(figures.map((path) => basename(path))).toContain("corruption.svg");
    expect(readdirSync(join(job.out, "runs"))).toEqual(["hypernet"]);
    expect(rightIsBetter).toBeGreaterThanOrEqual(0);
    // Cells without convolutions have no generated weights and no wrong ones.
    expect(rightIsBetter).toBeLessThanOrEqual(3 / 5);
  });
});

test("a wrong encoding costs what it adds to loss and error, where something in it was wrong", () => {
  const columns: Readonly<Record<string, number[]>> = {
    ...{ "right.loss": [1, 2, 3], "right.error": [0.1, 0.2, 0.3] },
    ...{ "wrong.loss": [9, 2.5, 4.5], "wrong.error": [0.9, 0.1, 0.3], "wrong.elements": [0, 1, 3] },
  };
  const table = { column: (measure: string) => columns[measure] };
  const bench = { table, architectures: [0, 1, 2] } as unknown as Bench;
  const variants = ["right", "wrong"].map((name) => ({ name, config }));
  const [effect] = measureCorruption(bench, variants, 0);
  expect(effect).toMatchObject({ n: 2, elements: 2, lossIncrease: { mean: 1 }, rightIsBetter: { mean: 1 } });
  expect(effect.errorIncrease.mean).toBeCloseTo(-0.05, 12);
});

describe("the HyperNets that studies compare", () => {
  const { request } = makeJob("variants");
  const widths = (study: StudyRequest["study"]) =>
    listVariants({ ...request, study }).map(
      ({ config: { hypernet } }) => "width" in hypernet && hypernet.width,
    );

  it("generate all, a few or no weights in free-weights", () => {
    const variants = listVariants({ ...request, study: "free-weights" });
    expect(variants.map(({ config: { hypernet } }) => "generated" in hypernet && hypernet.generated)).toEqual(
      ["all", "1x1", "none"],
    );
  });

  it("are wider and narrower by steps in capacity, and much smaller in crippled", () => {
    expect(widths("capacity")).toEqual([32, 16, 8, 4, 2, 1]);
    expect(widths("crippled")).toEqual([16, 1]);
  });

  it("of memory banks too: growth and depth are scaled, equal ones are left out, and free weights need none", () => {
    const banks = resolveConfig({
      preset: "demo",
      dataset: { name: "synthetic", channels: 3, size: 16, classes: 10 },
      seed: 0,
      device: defaultDevice(),
      threads: 1,
      precision: "fp32",
    });
    const hypernets = (study: StudyRequest["study"]) =>
      listVariants({ ...request, config: banks, study }).map(({ config: { hypernet } }) => hypernet);
    const growth = hypernets("capacity").map((hypernet) => "growth" in hypernet && hypernet.growth);
    expect(growth).toEqual([20, 10, 5, 3, 1]);
    expect(hypernets("crippled")[1]).toMatchObject({ growth: 1, denseBlocks: [1, 1, 1] });
    expect(hypernets("free-weights").map(({ generated }) => generated)).toEqual(["all", "pointwise", "none"]);
    const names = listVariants({ ...request, config: banks, study: "corrupt" }).map(({ name }) => name);
    expect(names.slice(-4)).toEqual(["dilation", "reads", "writes", "units"]);
  });

  it("are judged by their own scores, a ranking by what ranks", () => {
    const ranking = { ...config.ranking, rankedBy: "loss+naswot" } as const;
    const by = (study: StudyRequest["study"]) => judgedBy({ study, config: { ...config, ranking } });
    expect(["correlation", "transfer", "capacity", "seeds"].map((study) => by(study as "seeds"))).toEqual([
      "loss+naswot",
      "loss+naswot",
      "loss",
      "loss",
    ]);
    expect(
      judgedBy({ study: "seeds", config: { ...config, ranking: { ...ranking, rankedBy: "error" } } }),
    ).toBe("error");
  });

  it("differ in the seed alone in seeds", () => {
    const variants = listVariants({ ...request, study: "seeds", seeds: 3 });
    expect(variants.map(({ config: { seed } }) => seed)).toEqual([0, 1, 2]);
    expect(widths("seeds")).toEqual([16, 16]);
  });

  it("are not those of a run", () => {
    expect(() => listVariants({ ...request, study: "capacity", run: "runs/x" })).toThrow("leave out --run");
  });
});

describe("a comparison of what depends on each other", () => {
  it("resamples it together, for the gain as for the correlations: copies make nothing surer", () => {
    const ofSix = {
      study: "gradient",
      names: [0, 1, 2, 3, 4, 5].map(String),
      truths: [1, 2, 3, 4, 5, 6],
      predictors: [{ name: "loss", values: [2, 1, 3, 5, 6, 4] }],
      baselines: [{ name: "parameters", values: [1, 4, 2, 6, 3, 5] }],
      parameters: [1, 2, 3, 4, 5, 6],
      seed: 0,
    };
    const items = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5];
    const copied = <T>(values: readonly T[]) => items.map((item) => values[item]);
    const copies = {
      ...ofSix,
      names: copied(ofSix.names),
      truths: copied(ofSix.truths),
      predictors: ofSix.predictors.map(({ name, values }) => ({ name, values: copied(values) })),
      baselines: ofSix.baselines.map(({ name, values }) => ({ name, values: copied(values) })),
      parameters: copied(ofSix.parameters),
    };
    const gain = (input: Parameters<typeof compare>[0]) => compare(input).combined!.gain;
    const [alone, together] = [gain(ofSix), gain({ ...copies, clusters: items })];
    expect(together.spearman).toBeCloseTo(alone.spearman);
    for (const end of [0, 1]) {
      expect(together.interval95.spearman[end]).toBeCloseTo(alone.interval95.spearman[end]);
      expect(together.interval95.topHalfSpearman[end]).toBeCloseTo(alone.interval95.topHalfSpearman[end]);
    }
  });
});

describe("a comparison's figures", () => {
  const truths = [0.1, 0.2, 0.3, 0.4];
  const document = compare({
    study: "correlation",
    names: ["a", "b", "c", "d"],
    truths,
    predictors: [{ name: "loss", values: [1, 2, 4, NaN] }],
    baselines: [{ name: "parameters", values: [-4, -3, -1, -2] }],
    parameters: [4, 3, 1, 2],
    seed: 0,
    resamples: 20,
  });

  it("count a score that is not a number as the worst", () => {
    expect(document.spearman).toBe(1);
  });

  it("leave out scores that are not finite, and mark the better half", () => {
    const { values } = (planScatter(document).spec as { data: { values: { half: string }[] } }).data;
    expect(values.map(({ half }) => half)).toEqual(["better half", "better half", "other half"]);
  });

  it("of HyperNets have their sizes and both correlations", () => {
    const [one, other] = ["width-1", "width-0.5"].map((name, index) => ({
      name,
      parameters: { hypernet: 100 * (index + 1), free: 5 },
      meanLoss: 1,
      meanError: 0.5,
    }));
    const by = { "width-1 loss": document.by.loss, "width-0.5 loss": document.by.loss };
    const { spec } = planCapacity({ by, n: 4 }, [one, other], "loss");
    const { values } = (spec as unknown as { data: { values: { parameters: number; over: string }[] } }).data;
    expect(values.map(({ parameters, over }) => [parameters, over])).toEqual([
      [100, "all"],
      [100, "better half"],
      [200, "all"],
      [200, "better half"],
    ]);
  });

  it("have a row for every predictor that is defined", () => {
    const { values } = (planPredictors(document).spec as { data: { values: { name: string }[] } }).data;
    expect(new Set(values.map(({ name }) => name))).toEqual(
      new Set(["loss", "parameters", "all baselines", "with the score"]),
    );
  });

  it("have room for every predictor's name", async () => {
    const names = Array.from({ length: 24 }, (_, index) => `wrong-${index} loss`);
    const by = Object.fromEntries(names.map((name) => [name, document.by.loss]));
    const { svg } = await drawFigure(planPredictors({ ...document, by }));
    // Where labels are, down the axis.
    const rows = names.map((name) =>
      Number(new RegExp(`translate\\([^,]+,([\\d.]+)\\)"[^>]*>${name}<`).exec(svg)?.[1]),
    );
    const distances = rows.slice(1).map((row, index) => row - rows[index]);
    expect(Math.min(...distances)).toBeGreaterThan(14);
  });

  it("have whole symbols in the legend", async () => {
    const { svg } = await drawFigure(planPredictors(document));
    const symbols = svg.match(/role-legend-symbol"[^>]*><path [^>]*>/g);
    expect(symbols).toHaveLength(2);
    for (const symbol of symbols!) expect(symbol).not.toContain("stroke-dasharray");
  });

  it("combine ranks: the score mends what the baselines get wrong, and the gain is the difference", () => {
    const { baselines, withScore, gain } = document.combined!;
    // Ranks of the baseline 1 2 4 3, of the score 1 2 3 4.
    expect(baselines.spearman).toBeCloseTo(0.8);
    // Means 1 2 3.5 3.5.
    expect(withScore.spearman).toBeCloseTo(0.9487, 4);
    expect(gain.spearman).toBeCloseTo(0.1487, 4);
    // Of the better half both have the order.
    for (const half of [gain.topHalfSpearman, ...gain.interval95.topHalfSpearman])
      expect(half).toBeCloseTo(0, 12);
    expect(gain.interval95.spearman[0]).toBeLessThanOrEqual(gain.interval95.spearman[1]);
  });
});
