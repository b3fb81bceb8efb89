/** The command line end to end on the synthetic data set: resume after SIGKILL, Ctrl-C, bad input. */

import { spawn, type ChildProcess } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { rankTrials } from "../src/search/index.js";
import { withFolderLock } from "../src/store/index.js";
import { meanRanks } from "../src/statistics/index.js";
import { TrialStore } from "../src/store/index.js";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "smash-run-"));
const children = new Set<ChildProcess>();
afterAll(() => {
  // A test that ran out of time must not leave its search behind.
  for (const child of children) child.kill("SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[]): {
  readonly child: ChildProcess;
  readonly outcome: Promise<Outcome>;
} {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  children.add(child);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk: Buffer) => (stderr += String(chunk)));
  const outcome = new Promise<Outcome>((resolve) => {
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, outcome };
}

const smash = (...args: string[]) => start(args).outcome;
const searchArgs = (out: string, ...more: string[]) => [
  ...["search", "--data", "synthetic", "--preset", "tiny", "--threads", "2", "--json", "--out", out],
  ...more,
];

/** The parts of a search document that do not name the folder. */
function results(stdout: string): unknown {
  const { hypernet, ranking, best } = JSON.parse(stdout) as Record<string, unknown>;
  return { hypernet, ranking, best };
}

async function waitFor(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition() && waited < 20_000; waited += 5) await sleep(5);
}

const eventCount = (out: string, type: string) => {
  const path = join(out, "events.jsonl");
  return existsSync(path) ? readFileSync(path, "utf8").split(`"type":"${type}"`).length - 1 : 0;
};

describe("a search", () => {
  const whole = join(folder, "whole");
  const untouched = join(folder, "untouched");
  let wholeOutcome: Promise<Outcome> | undefined;
  /** The search that nothing disturbed; once for all that compare with it or go on from it. */
  const searchWhole = () =>
    (wholeOutcome ??= smash(...searchArgs(whole)).then((outcome) => {
      cpSync(whole, untouched, { recursive: true });
      return outcome;
    }));
  /** The run as the search left it, for a test that changes it; others train in `whole`, which its log tells. */
  const copyWhole = async (name: string) => {
    await searchWhole();
    const out = join(folder, name);
    cpSync(untouched, out, { recursive: true });
    return out;
  };

  it("prints one JSON document with the contract's fields and leaves a readable run folder", async () => {
    const { code, stdout } = await searchWhole();
    expect(code).toBe(0);
    const document = JSON.parse(stdout) as { ranking: unknown[]; best: unknown };
    expect(Object.keys(document)).toEqual([
      "run",
      "preset",
      "dataset",
      "hypernet",
      "ranking",
      "best",
      "pareto",
    ]);
    expect(document.ranking).toHaveLength(12);
    expect(document.best).toEqual(document.ranking[0]);
    for (const name of ["config.json", "best/architecture.json", "report.html", "figures/rank-curve.svg"]) {
      expect(existsSync(join(whole, name)), name).toBe(true);
    }
  }, 180_000);

  it.each([
    ["early in the HyperNet's training", "hypernet-step", 7],
    ["later in the HyperNet's training", "hypernet-step", 34],
    ["at the first trial", "trial", 1],
    ["in the middle of ranking", "trial", 8],
  ])(
    "killed %s goes on to the bit-identical ranking",
    async (_, type, count) => {
      const out = join(folder, `killed-${type}-${count}`);
      const { child, outcome } = start(searchArgs(out));
      await waitFor(() => eventCount(out, type) >= count);
      child.kill("SIGKILL");
      expect((await outcome).code).toBeNull();
      const resumed = await smash(...searchArgs(out));
      expect(resumed.code).toBe(0);
      expect(results(resumed.stdout)).toEqual(results((await searchWhole()).stdout));
    },
    180_000,
  );

  it("of NAS-Bench-201 cells, killed, goes on to the bit-identical ranking, and its winner trains", async () => {
    const cells = (out: string) => searchArgs(out, "--preset", "nas-bench-201-tiny");
    const [out, other] = [join(folder, "cells-killed"), join(folder, "cells-whole")];
    const { child, outcome } = start(cells(out));
    await waitFor(() => eventCount(out, "hypernet-step") >= 34);
    child.kill("SIGKILL");
    expect((await outcome).code).toBeNull();
    const resumed = await smash(...cells(out));
    expect(resumed.code).toBe(0);
    expect(results(resumed.stdout)).toEqual(results((await smash(...cells(other))).stdout));
    const report = readFileSync(join(out, "report.html"), "utf8");
    expect(report).toContain("NAS-Bench-201 cell");
    expect(report).not.toContain("memory banks");
    const train = await smash("train", "--data", "synthetic", "--run", out, "--threads", "2", "--json");
    const trained = JSON.parse(train.stdout) as { checkpoint: string; testError: number };
    const tested = await smash("eval", "--data", "synthetic", "--checkpoint", trained.checkpoint, "--json");
    expect((JSON.parse(tested.stdout) as { testError: number }).testError).toBe(trained.testError);
  }, 180_000);

  it("killed while it fine-tunes the best goes on to the bit-identical ranking; rank can fine-tune more", async () => {
    const tuned = (out: string) => searchArgs(out, "--fine-tune", "4");
    const [out, other] = [join(folder, "tuned-killed"), join(folder, "tuned-whole")];
    const { child, outcome } = start(tuned(out));
    await waitFor(() => eventCount(out, "fine-tuned") >= 2);
    child.kill("SIGKILL");
    expect((await outcome).code).toBeNull();
    const resumed = results((await smash(...tuned(out))).stdout);
    expect(resumed).toEqual(results((await smash(...tuned(other))).stdout));
    expect(eventCount(out, "fine-tuned")).toBe(4);

    type Trial = { readonly id: number; readonly fineTuned?: { readonly validationLoss: number } };
    const { ranking } = resumed as { readonly ranking: readonly Trial[] };
    const losses = ranking.slice(0, 4).map(({ fineTuned }) => fineTuned!.validationLoss);
    expect(losses).toEqual(losses.toSorted((one, other) => one - other));
    expect(ranking.slice(4).every(({ fineTuned }) => fineTuned === undefined)).toBe(true);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("the best 4, for 100 steps");

    const more = await smash("rank", "--run", out, "--fine-tune", "6", "--threads", "2", "--json");
    const after = JSON.parse(more.stdout) as { readonly ranking: readonly Trial[]; readonly best: unknown };
    expect(after.ranking).toHaveLength(12);
    expect(after.ranking.filter(({ fineTuned }) => fineTuned)).toHaveLength(6);
    expect(after.best).toEqual(after.ranking[0]);
    const kept = after.ranking.filter(({ id }) => ranking.slice(0, 4).some((trial) => trial.id === id));
    expect(kept).toEqual(ranking.slice(0, 4));
  }, 180_000);

  it("interrupted by Ctrl-C ends with 130 after a checkpoint, and goes on to the same ranking", async () => {
    const out = join(folder, "interrupted");
    const { child, outcome } = start(searchArgs(out));
    await waitFor(() => eventCount(out, "hypernet-step") >= 12);
    child.kill("SIGINT");
    const { code, stderr } = await outcome;
    expect(code).toBe(130);
    expect(stderr).toContain("everything up to there is saved");
    const resumed = await smash(...searchArgs(out));
    expect(results(resumed.stdout)).toEqual(results((await searchWhole()).stdout));
  }, 180_000);

  it("refuses to go on with another configuration, and changes nothing", async () => {
    const before = readFileSync(join(whole, "config.json"), "utf8");
    const { code, stderr } = await smash(...searchArgs(whole, "--seed", "1"));
    expect(code).toBe(1);
    expect(stderr).toContain("seed was 0, now 1");
    const limited = await smash(...searchArgs(whole, "--max-parameters", "3k"));
    expect(limited.stderr).toContain("ranking.limits.parameters was not there, now is 3000.");
    expect(readFileSync(join(whole, "config.json"), "utf8")).toBe(before);
  });

  it("is another run's with its whole config.json, and goes on by it alone", async () => {
    const out = join(folder, "again");
    const { code, stdout } = await smash(...searchArgs(out, "--config", join(whole, "config.json")));
    expect(code).toBe(0);
    expect(results(stdout)).toEqual(results((await searchWhole()).stdout));
  });

  it("is refused while another process works on the run, which goes on undisturbed", async () => {
    const [out, config] = [join(folder, "shared"), join(folder, "long.json")];
    writeFileSync(config, JSON.stringify({ hypernetTraining: { steps: 100_000 } }));
    const first = start(searchArgs(out, "--config", config));
    await waitFor(() => eventCount(out, "hypernet-step") >= 1);
    const second = await smash(...searchArgs(out, "--config", config));
    expect(second.code).toBe(2);
    expect(second.stderr).toContain("One process at a time works on a run.");
    first.child.kill("SIGINT");
    expect((await first.outcome).code).toBe(130);
  });

  it("is what rank's seed comes from, while a training may have another", async () => {
    const ranked = await smash("rank", "--run", whole, "--samples", "1", "--seed", "9");
    expect(ranked.code).toBe(2);
    expect(ranked.stderr).toContain("--seed belongs to the run");
    const train = async (seed: string) => {
      const out = join(folder, `seed${seed}.safetensors`);
      const args = ["--run", whole, "--data", "synthetic", "--epochs", "1", "--out", out, "--seed", seed];
      expect((await smash("train", ...args)).code).toBe(0);
      return readFileSync(out);
    };
    expect((await train("3")).equals(await train("0"))).toBe(false);
  });

  it("refuses a damaged checkpoint with its name", async () => {
    const out = await copyWhole("damaged");
    truncateSync(join(out, "checkpoints/hypernet.safetensors"), 1000);
    const { code, stderr } = await smash(...searchArgs(out));
    expect(code).toBe(1);
    expect(stderr).toContain("hypernet.safetensors");
  }, 180_000);

  it("trains its winner, tests it, and eval gives the same error", async () => {
    const train = await smash("train", "--data", "synthetic", "--run", whole, "--threads", "2", "--json");
    expect(train.code).toBe(0);
    const trained = JSON.parse(train.stdout) as { checkpoint: string; testError: number };
    const tested = await smash("eval", "--data", "synthetic", "--checkpoint", trained.checkpoint, "--json");
    expect((JSON.parse(tested.stdout) as { testError: number }).testError).toBe(trained.testError);
  }, 180_000);

  it("trains a known network by its name", async () => {
    const out = join(folder, "densenet.safetensors");
    const args = ["--network", "densenet", "--preset", "tiny", "--epochs", "1", "--out", out];
    const { code, stdout } = await smash("train", "--data", "synthetic", ...args, "--json");
    expect(code).toBe(0);
    const { architecture, checkpoint } = JSON.parse(stdout) as {
      architecture: { input: unknown; blocks: { layers: { reads: number[] }[] }[] };
      checkpoint: string;
    };
    expect(checkpoint).toBe(out);
    expect(architecture.input).toEqual({ channels: 3, size: 16 });
    expect(architecture.blocks[2].layers[0].reads).toEqual([0, 1]);
  }, 180_000);

  it("searches the whole of version 2, and goes on where it was stopped", async () => {
    writeFileSync(
      join(folder, "v2.json"),
      JSON.stringify({
        space: {
          bankSizes: "varied",
          unitSampling: "near-reads",
          convolutions: "array",
          maxKernel: 7,
          axes: "separate",
          maxGroups: 4,
          gates: true,
          activations: ["relu", "tanh", "sigmoid"],
          batchNorm: "ops",
        },
      }),
    );
    const out = join(folder, "v2");
    const args = searchArgs(out, "--config", join(folder, "v2.json"));
    const first = await smash(...args);
    expect(first.code).toBe(0);
    expect((JSON.parse(first.stdout) as { ranking: unknown[] }).ranking).toHaveLength(12);
    expect(results((await smash(...args)).stdout)).toEqual(results(first.stdout));
  }, 180_000);

  it("ranks more architectures, which join the run", async () => {
    const out = await copyWhole("more");
    const { stdout } = await smash("rank", "--run", out, "--samples", "3", "--chain", "2", "--json");
    expect((JSON.parse(stdout) as { ranking: unknown[] }).ranking).toHaveLength(17);
    const report = readFileSync(join(out, "report.html"), "utf8");
    expect(report).toContain("the best of 17 architectures");
    expect(report).toMatch(/smash rank --run \S+more --samples 3 --chain 2\n/);
    const refused = await smash("rank", "--run", out, "--samples", "1", "--by", "loss+naswot");
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("ranked by loss.");
  }, 180_000);

  it("whose winner was trained before a better one was ranked is not exported as if it were that one", async () => {
    const out = await copyWhole("overtaken");
    const trainArgs = ["train", "--data", "synthetic", "--run", out, "--threads", "2"];
    expect((await smash(...trainArgs)).code).toBe(0);
    const exportArgs = ["export", "--run", out, "--safetensors", join(folder, "overtaken.safetensors")];
    expect((await smash(...exportArgs)).code).toBe(0);
    const checkpoint = join(out, "checkpoints", "best.safetensors");
    const before = readFileSync(checkpoint);

    // As smash rank leaves it when it finds a better one: the second one gets the lowest loss of all.
    const store = new TrialStore(join(out, "trials.sqlite"));
    const [first, second] = rankTrials(store.list(), "loss");
    store.replace({ ...second, validationLoss: 0 });
    store.close();
    const exported = await smash(...exportArgs);
    expect(exported.code).toBe(2);
    expect(exported.stderr).toContain(`is of trial ${first.id} (`);
    expect(exported.stderr).toContain(`rank 1 is trial ${second.id} (`);
    expect(exported.stderr).toContain(`smash train --data synthetic --run ${out} --out FILE`);
    expect(exported.stderr).toContain(`or export the old one with --checkpoint ${checkpoint}.`);

    const refused = await smash(...trainArgs);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("is of another architecture. Fix: give another --out");
    expect(refused.stderr).not.toContain("remove");
    expect(readFileSync(checkpoint).equals(before)).toBe(true);
  }, 180_000);

  it("by loss and NASWOT ranks by both, and lists by one of them when asked", async () => {
    const out = join(folder, "by-both");
    await smash(...searchArgs(out, "--by", "loss+naswot", "--perturb", "1", "--chain", "1"));
    const rank = async (...flags: string[]) => {
      const { stdout } = await smash("rank", "--run", out, "--samples", "2", "--json", ...flags);
      const { ranking } = JSON.parse(stdout) as {
        readonly ranking: readonly (Record<"validationLoss" | "naswot", number> & {
          architecture: unknown;
        })[];
      };
      if (flags.length === 0) {
        const best = readFileSync(join(out, "best", "architecture.json"), "utf8");
        expect(JSON.parse(best)).toEqual(ranking[0].architecture);
      }
      return {
        losses: ranking.map(({ validationLoss }) => validationLoss),
        naswots: ranking.map(({ naswot }) => naswot),
      };
    };
    const { losses, naswots } = await rank();
    expect(losses).toHaveLength(10);
    const places = meanRanks([losses, naswots]);
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    expect(losses).not.toEqual(losses.toSorted((one, other) => one - other));
    const byLoss = await rank("--by", "loss");
    expect(byLoss.losses).toEqual(byLoss.losses.toSorted((one, other) => one - other));
  }, 180_000);
});

describe("a search within limits", () => {
  interface Ranked {
    readonly ranking: readonly Record<"id" | "parameters" | "flops" | "latencyMs", number>[];
    readonly pareto: Readonly<Record<string, readonly { readonly id: number }[]>>;
  }
  const out = join(folder, "limited");
  const limits = ["--max-parameters", "2.5k", "--max-flops", "400k"];
  const args = searchArgs(out, ...limits, "--evolution", "4", "--nsga2", "4");

  it("scores no network outside, by any strategy, and goes on to the same ranking when killed", async () => {
    const { child, outcome } = start(args);
    await waitFor(() => eventCount(out, "trial") >= 9);
    child.kill("SIGKILL");
    expect((await outcome).code).toBeNull();
    const resumed = await smash(...args);
    const { ranking, pareto } = JSON.parse(resumed.stdout) as Ranked;
    expect(ranking).toHaveLength(20);
    for (const { parameters, flops } of ranking) {
      expect(parameters).toBeLessThanOrEqual(2500);
      expect(flops).toBeLessThanOrEqual(400_000);
    }
    expect(Object.keys(pareto)).toEqual(["parameters", "flops"]);
    expect(pareto.parameters.at(-1)!.id).toBe(ranking[0].id);
    const other = join(folder, "limited-whole");
    const whole = await smash(...searchArgs(other, ...limits, "--evolution", "4", "--nsga2", "4"));
    expect(results(resumed.stdout)).toEqual(results(whole.stdout));
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("at most 2.50k parameters");
  }, 180_000);

  it("ranks more within tighter limits, of time as well, and refuses looser ones", async () => {
    const more = ["rank", "--run", out, "--samples", "2", "--json"];
    const tighter = ["--max-parameters", "2.3k", "--max-latency-ms", "500", "--strategy", "evolution"];
    const { ranking, pareto } = JSON.parse((await smash(...more, ...tighter)).stdout) as Ranked;
    expect(ranking).toHaveLength(2);
    for (const { parameters, latencyMs } of ranking) {
      expect(parameters).toBeLessThanOrEqual(2300);
      expect(latencyMs).toBeGreaterThan(0);
      expect(latencyMs).toBeLessThanOrEqual(500);
    }
    expect(pareto.latencyMs.length).toBeGreaterThan(0);
    const looser = await smash(...more, "--max-parameters", "1M");
    expect(looser).toMatchObject({ code: 2, stdout: "" });
    expect(looser.stderr).toContain("may only tighten");
  }, 180_000);

  it.each([
    ["size", ["--max-parameters", "1k"], /--max-parameters 1000 .* smallest seen has 1\.\d+k parameters/],
    ["time", ["--max-latency-ms", "0.001"], /--max-latency-ms 0\.001 .* smallest seen has [\d.]+ ms/],
  ])(
    "of %s that no network keeps ends at once, before there is a run",
    async (name, flags, message) => {
      const nowhere = join(folder, `impossible-${name}`);
      const { code, stderr } = await smash(...searchArgs(nowhere, ...flags));
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
      expect(existsSync(nowhere)).toBe(false);
    },
    180_000,
  );

  it("of cells never scores the same function twice while there are others", async () => {
    const cells = searchArgs(join(folder, "cells-new"), "--preset", "nas-bench-201-tiny", "--chain", "20");
    const { ranking } = JSON.parse((await smash(...cells)).stdout) as {
      readonly ranking: readonly { readonly architecture: { readonly cell: unknown } }[];
    };
    const names = ranking.map(({ architecture }) => JSON.stringify(architecture.cell));
    expect(new Set(names).size).toBe(29);
  }, 180_000);
});

describe("a study", () => {
  const table = join(folder, "table.csv");
  const studyArgs = (out: string) => [
    ...["study", "nas-bench-201", "--data", "synthetic", "--preset", "nas-bench-201-tiny"],
    ...["--table", table, "--threads", "2", "--json", "--out", out],
  ];
  const agreement = (stdout: string) => {
    const { scores, truths, spearman, baselines } = JSON.parse(stdout) as Record<string, unknown>;
    return { scores, truths, spearman, baselines };
  };

  it("killed while it scores goes on to the same document", async () => {
    const operations = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"];
    const cells = operations.flatMap((one, row) =>
      operations.map((other, column) => {
        const accuracy = 60 + 5 * row + column;
        return `nor_conv_3x3~0|none~0+${one}~1|skip_connect~0+none~1+${other}~2,${accuracy}`;
      }),
    );
    writeFileSync(table, `architecture,test_accuracy_percent\n${cells.join("\n")}\n`);
    const out = join(folder, "study-killed");
    const measured = () => {
      const path = join(out, "measurements.jsonl");
      return existsSync(path) ? readFileSync(path, "utf8").split("\n").length : 0;
    };
    const { child, outcome } = start(studyArgs(out));
    await waitFor(() => measured() > 20);
    child.kill("SIGKILL");
    expect((await outcome).code).toBeNull();
    const resumed = await smash(...studyArgs(out));
    const whole = await smash(...studyArgs(join(folder, "study-whole")));
    expect(agreement(resumed.stdout)).toEqual(agreement(whole.stdout));
    expect((JSON.parse(whole.stdout) as { n: number }).n).toBe(25);
  }, 180_000);
});

describe("bad input", () => {
  it("a study without its table, and an unknown one, say what to do", async () => {
    const study = await smash("study", "nas-bench-201", "--data", "synthetic");
    expect(study).toMatchObject({ code: 2, stdout: "" });
    expect(study.stderr).toContain("--table");
    const moves = await smash("study", "corrupt", "--moves", "3");
    expect(moves).toMatchObject({ code: 2, stdout: "" });
    expect(moves.stderr).toContain("smash study gradient");
    const tuned = await smash("study", "gradient", "--fine-tuned");
    expect(tuned).toMatchObject({ code: 2, stdout: "" });
    expect(tuned.stderr).toContain("as they are");
    expect((await smash("study", "corelation")).stderr).toContain('did you mean "correlation"');
  });

  it("what a study would ignore is refused before anything is measured", async () => {
    const run = join(folder, "whole");
    const own = ["--run", run, "--data", "cifar10", "--preset", "demo", "--config", "mine.json"];
    const refused = await smash("study", "correlation", ...own, "--out", join(folder, "refused"));
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain(
      `Found: --data cifar10, --preset demo, --config mine.json; ${run} has synthetic`,
    );
    const synthetic = ["--data", "synthetic", "--preset", "tiny", "--out", join(folder, "refused")];
    const refusal = async (name: string, ...flags: string[]) => {
      const { code, stdout, stderr } = await smash("study", name, ...synthetic, ...flags);
      expect([code, stdout]).toEqual([2, ""]);
      return stderr;
    };
    expect(await refusal("correlation", "--limit", "5")).toContain("--limit 5 without --table");
    expect(await refusal("correlation", "--samples", "2")).toContain("at least 3 architectures. Found: 2");
    expect(await refusal("gradient", "--by", "loss")).toContain("Found: --by loss. Fix");
    expect(await refusal("capacity", "--by", "loss+naswot")).toContain("--by loss+naswot for the study");
    expect(existsSync(join(folder, "refused"))).toBe(false);
  });

  it("a training beside another one of the same checkpoint is refused, and leaves it alone", async () => {
    const checkpoint = join(folder, "contested.safetensors");
    const name = ".contested.safetensors.lock";
    const { code, stderr } = await withFolderLock({ path: folder, name, holds: "training" }, () =>
      smash("train", "--data", "synthetic", "--preset", "tiny", "--network", "resnet", "--out", checkpoint),
    );
    expect(code).toBe(2);
    expect(stderr).toContain("One process at a time works on a training.");
    expect(existsSync(checkpoint)).toBe(false);
  });

  it("more architectures than an earlier study has trained are refused, not fewer taken", async () => {
    const truths = join(folder, "three-truths");
    const study = (...args: string[]) =>
      smash(
        "study",
        "correlation",
        "--data",
        "synthetic",
        "--preset",
        "tiny",
        "--proxies",
        "parameters",
        ...args,
      );
    expect((await study("--samples", "3", "--seeds", "1", "--out", truths)).code).toBe(0);
    const refused = await study("--truths", truths, "--samples", "5", "--out", join(folder, "five"));
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain(
      `Found: --samples 5, and 3 in ${truths}. Fix: give --samples 3 or fewer`,
    );
  });

  const config = join(folder, "config.json");

  it.each([
    ["an unknown data set", ["search", "--data", "sinthetic", "--out", join(folder, "x")], 2, "synthetic"],
    [
      "an unknown preset",
      ["search", "--data", "synthetic", "--preset", "tinny", "--out", join(folder, "x")],
      2,
      "tiny",
    ],
    ["an unknown flag", ["search", "--data", "synthetic", "--persent", "tiny"], 2, "--preset"],
    [
      "an unknown network",
      ["train", "--data", "synthetic", "--preset", "tiny", "--network", "densnet"],
      2,
      "densenet",
    ],
    [
      "a run that is not there",
      ["train", "--data", "synthetic", "--run", join(folder, "none")],
      2,
      "config.json",
    ],
    [
      "an architecture file that is not there",
      ["train", "--data", "synthetic", "--arch", join(folder, "none.json")],
      1,
      "none.json: an architecture file must exist",
    ],
    ["a run where a file is", ["search", "--data", "synthetic", "--out", main], 2, `${main} is no folder`],
    [
      "a study where a file is",
      ["study", "correlation", "--data", "synthetic", "--out", join(main, "x")],
      2,
      `${main} is no folder`,
    ],
    [
      "a checkpoint below a file",
      ["train", "--data", "synthetic", "--network", "resnet", "--out", join(main, "x.safetensors")],
      2,
      `${main} is no folder`,
    ],
    [
      "a checkpoint where a folder is",
      ["train", "--data", "synthetic", "--network", "resnet", "--out", folder],
      2,
      `${folder} must be the path of a file`,
    ],
    [
      "an exported file where a folder is",
      ["export", "--checkpoint", "none", "--onnx", folder],
      2,
      `${folder} must be the path of a file`,
    ],
    [
      "an exported page where a file is",
      ["export", "--checkpoint", "none", "--web", main],
      2,
      `${main} is no folder`,
    ],
    [
      "a file that is no architecture",
      ["train", "--data", "synthetic", "--arch", fileURLToPath(new URL("../package.json", import.meta.url))],
      1,
      "package.json: ",
    ],
  ])("%s names the nearest known one or the fix", async (_, args, exitCode, hint) => {
    const { code, stdout, stderr } = await smash(...args);
    expect(code).toBe(exitCode);
    expect(stdout).toBe("");
    expect(stderr).toContain(hint);
    expect(stderr).not.toContain("    at ");
  });

  it.each([
    ["an unknown key", { ranking: { imagse: 10 } }, 'did you mean "images"'],
    ["a space that cannot be sampled", { space: { depthCompression: 9 } }, "depthCompression"],
    ["a value of the wrong type", { hypernetTraining: { steps: "many" } }, "hypernetTraining.steps"],
  ])("a configuration with %s is refused before anything runs", async (_, content, hint) => {
    writeFileSync(config, JSON.stringify(content));
    const { code, stderr } = await smash(...searchArgs(join(folder, "y"), "--config", config));
    expect(code).toBe(1);
    expect(stderr).toContain(hint);
    expect(existsSync(join(folder, "y"))).toBe(false);
  });

  it.each([
    ["search", ["search", "--preset", "tiny"]],
    ["train", ["train", "--preset", "nas-bench-201-tiny", "--network", "resnet"]],
    ["study", ["study", "correlation", "--preset", "tiny"]],
  ])(
    "smash %s refuses an image size that halves to no whole one, before images are made",
    async (_, args) => {
      const dataDir = join(folder, "no-data");
      const data = [
        "--data",
        "mnist",
        "--image-size",
        "7",
        "--data-dir",
        dataDir,
        "--out",
        join(folder, "z"),
      ];
      const { code, stderr } = await smash(...args, ...data);
      expect(code).toBe(1);
      expect(stderr).toContain("input.size 7. Fix: Use --image-size 8");
      expect(existsSync(dataDir)).toBe(false);
    },
  );

  it("settings of a search in a --config file for smash train are refused by name", async () => {
    writeFileSync(config, JSON.stringify({ networkTraining: { mixup: 0.2 }, ranking: { images: 5 } }));
    const args = ["--network", "resnet", "--preset", "tiny", "--config", config, "--out", join(folder, "z")];
    const { code, stderr } = await smash("train", "--data", "synthetic", ...args);
    expect(code).toBe(1);
    expect(stderr).toContain('"ranking"');
  });

  it("a loss that is not finite stops the run, names the step and keeps the last checkpoint", async () => {
    const out = join(folder, "diverged");
    writeFileSync(
      config,
      JSON.stringify({ hypernetTraining: { rate: 1e30, warmup: 0, checkpointEvery: 1 } }),
    );
    const { code, stderr } = await smash(...searchArgs(out, "--config", config));
    expect(code).toBe(1);
    expect(stderr).toMatch(/loss (NaN|Infinity) at step \d+/);
    expect(existsSync(join(out, "checkpoints/hypernet.safetensors"))).toBe(true);
  }, 180_000);
});
