/** Searches by the built command line, on the synthetic data set: killed, stopped, and gone on with. */

import { cpSync, existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runSmash, startSmash, type Ended } from "../src/cli/built-cli.fixture.js";
import { rankTrials } from "../src/search/index.js";
import { TrialStore } from "../src/store/index.js";
import { meanRanks } from "../src/statistics/index.js";
import { countEvents, results, searchArgs, temporaryFolder, waitFor } from "./search-command.fixture.js";

const folder = temporaryFolder("run");

describe("a search", () => {
  const whole = join(folder, "whole");
  const untouched = join(folder, "untouched");
  let wholeOutcome: Promise<Ended> | undefined;
  /** The search that nothing disturbed; once for all that compare with it or go on from it. */
  const searchWhole = () =>
    (wholeOutcome ??= runSmash(searchArgs(whole)).then((outcome) => {
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
      const { child, ended } = startSmash(searchArgs(out));
      await waitFor(() => countEvents(out, type) >= count);
      child.kill("SIGKILL");
      expect((await ended).code).toBeNull();
      const resumed = await runSmash(searchArgs(out));
      expect(resumed.code).toBe(0);
      expect(results(resumed.stdout)).toEqual(results((await searchWhole()).stdout));
    },
    180_000,
  );

  it("of NAS-Bench-201 cells, killed, goes on to the bit-identical ranking, and its winner trains", async () => {
    // With two threads, whose sums are the same whichever of them was free.
    const cells = (out: string) => searchArgs(out, "--preset", "nas-bench-201-tiny", "--threads", "2");
    const [out, other] = [join(folder, "cells-killed"), join(folder, "cells-whole")];
    const { child, ended } = startSmash(cells(out));
    await waitFor(() => countEvents(out, "hypernet-step") >= 34);
    child.kill("SIGKILL");
    expect((await ended).code).toBeNull();
    const resumed = await runSmash(cells(out));
    expect(resumed.code).toBe(0);
    expect(results(resumed.stdout)).toEqual(results((await runSmash(cells(other))).stdout));
    const report = readFileSync(join(out, "report.html"), "utf8");
    expect(report).toContain("NAS-Bench-201 cell");
    expect(report).not.toContain("memory banks");
    const train = await runSmash([
      ...["train", "--data", "synthetic", "--run", out, "--epochs", "1"],
      ...["--threads", "2", "--json"],
    ]);
    const trained = JSON.parse(train.stdout) as { checkpoint: string; testError: number };
    const tested = await runSmash([
      ...["eval", "--data", "synthetic", "--checkpoint", trained.checkpoint],
      ...["--json"],
    ]);
    expect((JSON.parse(tested.stdout) as { testError: number }).testError).toBe(trained.testError);
  }, 180_000);

  interface Kill {
    readonly name: string;
    readonly flags: readonly string[];
    /** Killed when it has told so many events of this type. */
    readonly type: string;
    readonly count: number;
  }

  /** The results of a search that was killed and went on, which are those of one that was not; `out` is its run. */
  const killAndResume = async ({ name, flags, type, count }: Kill) => {
    const [out, other] = [join(folder, `${name}-killed`), join(folder, `${name}-whole`)];
    const { child, ended } = startSmash(searchArgs(out, ...flags));
    await waitFor(() => countEvents(out, type) >= count);
    child.kill("SIGKILL");
    expect((await ended).code).toBeNull();
    const resumed = results((await runSmash(searchArgs(out, ...flags))).stdout);
    expect(resumed).toEqual(results((await runSmash(searchArgs(other, ...flags))).stdout));
    return { out, resumed };
  };

  it("killed while it fine-tunes the best goes on to the bit-identical ranking; rank can fine-tune more", async () => {
    const flags = ["--fine-tune", "4"];
    const { out, resumed } = await killAndResume({ name: "tuned", flags, type: "fine-tuned", count: 2 });
    expect(countEvents(out, "fine-tuned")).toBe(4);

    type Trial = { readonly id: number; readonly fineTuned?: { readonly validationLoss: number } };
    const { ranking } = resumed as { readonly ranking: readonly Trial[] };
    const losses = ranking.slice(0, 4).map(({ fineTuned }) => fineTuned!.validationLoss);
    expect(losses).toEqual(losses.toSorted((one, other) => one - other));
    expect(ranking.slice(4).every(({ fineTuned }) => fineTuned === undefined)).toBe(true);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("the best 4, for 100 steps");

    const more = await runSmash(["rank", "--run", out, "--fine-tune", "6", "--threads", "1", "--json"]);
    const after = JSON.parse(more.stdout) as { readonly ranking: readonly Trial[]; readonly best: unknown };
    expect(after.ranking).toHaveLength(12);
    expect(after.ranking.filter(({ fineTuned }) => fineTuned)).toHaveLength(6);
    expect(after.best).toEqual(after.ranking[0]);
    const kept = after.ranking.filter(({ id }) => ranking.slice(0, 4).some((trial) => trial.id === id));
    expect(kept).toEqual(ranking.slice(0, 4));
  }, 180_000);

  it("killed while it trains a finalist goes on to the bit-identical ranking; rank can train more of them", async () => {
    const flags = ["--finalists", "3"];
    const { out, resumed } = await killAndResume({ name: "finals", flags, type: "finalist-step", count: 5 });
    expect(countEvents(out, "finalist")).toBe(3);

    type Trial = { readonly id: number; readonly trained?: { readonly validationError: number } };
    const { ranking } = resumed as { readonly ranking: readonly Trial[] };
    const errors = ranking.slice(0, 3).map(({ trained }) => trained!.validationError);
    expect(errors).toEqual(errors.toSorted((one, other) => one - other));
    expect(ranking.slice(3).every(({ trained }) => trained === undefined)).toBe(true);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("3 finalists, for 2 epochs");

    const more = await runSmash(["rank", "--run", out, "--finalists", "4", "--threads", "1", "--json"]);
    const after = JSON.parse(more.stdout) as { readonly ranking: readonly Trial[]; readonly best: unknown };
    expect(after.ranking.filter(({ trained }) => trained)).toHaveLength(4);
    expect(after.best).toEqual(after.ranking[0]);
    expect(after.ranking).toEqual(expect.arrayContaining(ranking.slice(0, 3)));
  }, 180_000);

  it("interrupted by Ctrl-C ends with 130 after a checkpoint, and goes on to the same ranking", async () => {
    const out = join(folder, "interrupted");
    const { child, ended } = startSmash(searchArgs(out));
    await waitFor(() => countEvents(out, "hypernet-step") >= 12);
    child.kill("SIGINT");
    const { code, stderr } = await ended;
    expect(code).toBe(130);
    expect(stderr).toContain("everything up to there is saved");
    const resumed = await runSmash(searchArgs(out));
    expect(results(resumed.stdout)).toEqual(results((await searchWhole()).stdout));
  }, 180_000);

  it("refuses to go on with another configuration, and changes nothing", async () => {
    const before = readFileSync(join(whole, "config.json"), "utf8");
    const { code, stderr } = await runSmash(searchArgs(whole, "--seed", "1"));
    expect(code).toBe(1);
    expect(stderr).toContain("seed was 0, now 1");
    const limited = await runSmash(searchArgs(whole, "--max-parameters", "3k"));
    expect(limited.stderr).toContain("ranking.limits.parameters was not there, now is 3000.");
    expect(readFileSync(join(whole, "config.json"), "utf8")).toBe(before);
  });

  it("is another run's with its whole config.json, and goes on by it alone", async () => {
    const out = join(folder, "again");
    const { code, stdout } = await runSmash(searchArgs(out, "--config", join(whole, "config.json")));
    expect(code).toBe(0);
    expect(results(stdout)).toEqual(results((await searchWhole()).stdout));
  });

  it("is refused while another process works on the run, which goes on undisturbed", async () => {
    const [out, config] = [join(folder, "shared"), join(folder, "long.json")];
    writeFileSync(config, JSON.stringify({ hypernetTraining: { steps: 100_000 } }));
    const first = startSmash(searchArgs(out, "--config", config));
    await waitFor(() => countEvents(out, "hypernet-step") >= 1);
    const second = await runSmash(searchArgs(out, "--config", config));
    expect(second.code).toBe(2);
    expect(second.stderr).toContain("One process at a time works on a run.");
    first.child.kill("SIGINT");
    expect((await first.ended).code).toBe(130);
  });

  it("is what rank's seed comes from, while a training may have another", async () => {
    const ranked = await runSmash(["rank", "--run", whole, "--samples", "1", "--seed", "9"]);
    expect(ranked.code).toBe(2);
    expect(ranked.stderr).toContain("--seed belongs to the run");
    const train = async (seed: string) => {
      const out = join(folder, `seed${seed}.safetensors`);
      const args = ["--run", whole, "--data", "synthetic", "--epochs", "1", "--out", out, "--seed", seed];
      expect((await runSmash(["train", ...args])).code).toBe(0);
      return readFileSync(out);
    };
    expect((await train("3")).equals(await train("0"))).toBe(false);
  });

  it("refuses a damaged checkpoint with its name", async () => {
    const out = await copyWhole("damaged");
    truncateSync(join(out, "checkpoints/hypernet.safetensors"), 1000);
    const { code, stderr } = await runSmash(searchArgs(out));
    expect(code).toBe(1);
    expect(stderr).toContain("hypernet.safetensors");
  }, 180_000);

  it("trains its winner, tests it, and eval gives the same error", async () => {
    const train = await runSmash([
      ...["train", "--data", "synthetic", "--run", whole, "--threads", "2"],
      ...["--json"],
    ]);
    expect(train.code).toBe(0);
    const trained = JSON.parse(train.stdout) as { checkpoint: string; testError: number };
    const tested = await runSmash([
      ...["eval", "--data", "synthetic", "--checkpoint", trained.checkpoint],
      ...["--json"],
    ]);
    expect((JSON.parse(tested.stdout) as { testError: number }).testError).toBe(trained.testError);
  }, 180_000);

  it("trains a known network by its name", async () => {
    const out = join(folder, "densenet.safetensors");
    const args = ["--network", "densenet", "--preset", "tiny", "--epochs", "1", "--out", out];
    const { code, stdout } = await runSmash(["train", "--data", "synthetic", ...args, "--json"]);
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
    const first = await runSmash(args);
    expect(first.code).toBe(0);
    expect((JSON.parse(first.stdout) as { ranking: unknown[] }).ranking).toHaveLength(12);
    expect(results((await runSmash(args)).stdout)).toEqual(results(first.stdout));
  }, 180_000);

  it("ranks more architectures, which join the run", async () => {
    const out = await copyWhole("more");
    const { stdout } = await runSmash(["rank", "--run", out, "--samples", "3", "--chain", "2", "--json"]);
    expect((JSON.parse(stdout) as { ranking: unknown[] }).ranking).toHaveLength(17);
    const report = readFileSync(join(out, "report.html"), "utf8");
    expect(report).toContain("the best of 17 architectures");
    expect(report).toMatch(/smash rank --run \S+more --samples 3 --chain 2\n/);
    const refused = await runSmash(["rank", "--run", out, "--samples", "1", "--by", "loss+naswot"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("ranked by loss.");
  }, 180_000);

  it("whose winner was trained before a better one was ranked is not exported as if it were that one", async () => {
    const out = await copyWhole("overtaken");
    const trainArgs = ["train", "--data", "synthetic", "--run", out, "--threads", "1"];
    expect((await runSmash(trainArgs)).code).toBe(0);
    const exportArgs = ["export", "--run", out, "--safetensors", join(folder, "overtaken.safetensors")];
    expect((await runSmash(exportArgs)).code).toBe(0);
    const checkpoint = join(out, "checkpoints", "best.safetensors");
    const before = readFileSync(checkpoint);

    // As smash rank leaves it when it finds a better one: the second one gets the lowest loss of all.
    const store = new TrialStore(join(out, "trials.sqlite"));
    const [first, second] = rankTrials(store.list(), "loss");
    store.replace({ ...second, validationLoss: 0 });
    store.close();
    const exported = await runSmash(exportArgs);
    expect(exported.code).toBe(2);
    expect(exported.stderr).toContain(`is of trial ${first.id} (`);
    expect(exported.stderr).toContain(`rank 1 is trial ${second.id} (`);
    expect(exported.stderr).toContain(`smash train --data synthetic --run ${out} --out FILE`);
    expect(exported.stderr).toContain(`or export the old one with --checkpoint ${checkpoint}.`);

    const refused = await runSmash(trainArgs);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("is of another architecture. Fix: give another --out");
    expect(refused.stderr).not.toContain("remove");
    expect(readFileSync(checkpoint).equals(before)).toBe(true);
  }, 180_000);

  it("by loss and NASWOT ranks by both, and lists by one of them when asked", async () => {
    const out = join(folder, "by-both");
    await runSmash(searchArgs(out, "--by", "loss+naswot", "--perturb", "1", "--chain", "1"));
    const rank = async (...flags: string[]) => {
      const { stdout } = await runSmash(["rank", "--run", out, "--samples", "2", "--json", ...flags]);
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
    const refused = await runSmash(["rank", "--run", out, "--samples", "2", "--by", "predicted"]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("this one has no predicted errors.");
  }, 180_000);
});
