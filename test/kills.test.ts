/**
 * The built command line killed with SIGKILL at random moments, again and again: what it has in the end is, byte for byte,
 * what it has when it is left alone. The moments come from SMASH_KILL_SEED, and are printed.
 */

import { cpSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { runSmash, startSmash } from "../src/cli/built-cli.fixture.js";
import { Random } from "../src/random.js";
import { countEvents, temporaryFolder } from "./search-command.fixture.js";

const folder = temporaryFolder("kills");

const seed = Number(process.env.SMASH_KILL_SEED ?? 1);
const kills = 5;

interface Moment {
  /** Events to wait for, and what to wait after them, milliseconds. */
  readonly events: number;
  readonly pause: number;
}

function drawMoments(name: string, most: number): readonly Moment[] {
  const random = Random.stream(seed, "kills", name);
  const moments = Array.from({ length: kills }, () => ({
    events: random.integer(1, most),
    pause: random.integer(0, 40),
  }));
  console.log(`${name}: SMASH_KILL_SEED=${seed}, killed after ${JSON.stringify(moments)}`);
  return moments;
}

/** Starts the command and ends it at the moment. */
async function endAt(
  args: readonly string[],
  run: string,
  { events, pause, signal = "SIGKILL" }: Moment & { readonly signal?: NodeJS.Signals },
) {
  const goal = countEvents(run) + events;
  const { child, ended } = startSmash(args);
  while (child.exitCode === null && countEvents(run) < goal) await sleep(5);
  await sleep(pause);
  child.kill(signal);
  return { ...(await ended), signal: child.signalCode };
}

/** Kills the command at each of the moments, then lets it end; gives what it prints, and how often it was killed. */
async function killAndFinish(args: readonly string[], run: string, moments: readonly Moment[]) {
  let killed = 0;
  for (const moment of moments) if ((await endAt(args, run, moment)).signal === "SIGKILL") killed++;
  const { code, stdout, stderr } = await runSmash(args);
  expect(stderr).not.toContain("smash: ");
  expect(code).toBe(0);
  return { killed, document: JSON.parse(stdout) as Record<string, unknown> };
}

const bytes = (path: string) => readFileSync(path).toString("base64");
const common = ["--data", "synthetic", "--threads", "1", "--json"];
const whole = join(folder, "whole");
const searchArgs = (out: string) => ["search", ...common, "--preset", "tiny", "--out", out];
let found: Record<string, unknown>;

beforeAll(async () => {
  found = JSON.parse((await runSmash(searchArgs(whole))).stdout) as typeof found;
}, 180_000);

describe("killed at random moments", () => {
  it("a search ends with the same HyperNet, byte for byte, and the same ranking", async () => {
    const run = join(folder, "search");
    const { killed, document } = await killAndFinish(searchArgs(run), run, drawMoments("search", 25));
    expect(killed).toBeGreaterThan(1);
    expect({ ...document, run: whole }).toEqual(found);
    for (const name of ["checkpoints/hypernet.safetensors", "best/architecture.json"])
      expect(bytes(join(run, name)), name).toBe(bytes(join(whole, name)));
  }, 600_000);

  it("a training with every option ends with the same files, byte for byte", async () => {
    const config = join(folder, "everything.json");
    const networkTraining = {
      ...{ epochs: 3, checkpointEvery: 7, labelSmoothing: 0.1, cutout: 6, mixup: 0.4, stochasticDepth: 0.3 },
      ...{
        average: { decay: 0.9 },
        randAugment: { operations: 2, magnitude: 9 },
        earlyStopping: { patience: 2 },
      },
    };
    writeFileSync(config, JSON.stringify({ networkTraining }));
    const args = (name: string) => [
      ...["train", ...common, "--run", whole, "--config", config],
      ...["--out", join(folder, `${name}.safetensors`)],
    ];
    const alone = JSON.parse((await runSmash(args("alone"))).stdout) as Record<string, unknown>;
    const { killed, document } = await killAndFinish(args("killed"), whole, drawMoments("train", 45));
    expect(killed).toBeGreaterThan(1);
    const results = (document: Record<string, unknown>) => ({ ...document, checkpoint: "", bestEpoch: "" });
    expect(results(document)).toEqual(results(alone));
    for (const ending of [".safetensors", ".best-epoch.safetensors"])
      expect(bytes(join(folder, `killed${ending}`)), ending).toBe(bytes(join(folder, `alone${ending}`)));
  }, 600_000);
});

describe("ended early", () => {
  /** An epoch of 36 steps is over by then, and a fifth is not. */
  const moment = { events: 60, pause: 0 };

  it.each(["SIGKILL", "SIGINT"] as const)(
    "by %s, a training leaves its best epoch for eval and export",
    async (signal) => {
      const checkpoint = join(folder, `${signal}.safetensors`);
      const best = join(folder, `${signal}.best-epoch.safetensors`);
      const args = ["train", ...common, "--run", whole, "--epochs", "20", "--out", checkpoint];
      const ended = await endAt(args, whole, { ...moment, signal });
      if (signal === "SIGINT") {
        expect(ended.code).toBe(130);
        expect(ended.stderr).toContain(`is ${best}, which smash eval and smash export take`);
        expect(ended.stderr).toContain("run the same command again");
      } else {
        expect(ended.signal).toBe(signal);
      }
      const tested = await runSmash(["eval", "--data", "synthetic", "--json", "--checkpoint", best]);
      expect((JSON.parse(tested.stdout) as { testError: number }).testError).toBeLessThan(1);
      const exported = join(folder, `${signal}.exported.safetensors`);
      const { code } = await runSmash(["export", "--checkpoint", best, "--safetensors", exported, "--json"]);
      expect(code).toBe(0);
      expect(existsSync(exported)).toBe(true);
    },
    180_000,
  );

  it.each(["SIGKILL", "SIGINT"] as const)(
    "by %s, a ranking of more goes on to as many as were asked for",
    async (signal) => {
      const run = join(folder, `more-${signal}`);
      cpSync(whole, run, { recursive: true });
      const args = ["rank", "--run", run, "--samples", "40", "--json"];
      const ended = await endAt(args, run, { events: 10, pause: 0, signal });
      expect(ended.signal ?? ended.code).toBe(signal === "SIGINT" ? 130 : signal);
      const { stdout } = await runSmash(args);
      const { ranking } = JSON.parse(stdout) as { readonly ranking: readonly unknown[] };
      expect(ranking).toHaveLength((found.ranking as readonly unknown[]).length + 40);
    },
    180_000,
  );

  it("by Ctrl-C while it ranks, a search names the best architecture so far, which trains", async () => {
    const run = join(folder, "ranking");
    // 60 steps and their 3 measurements, two phases, then trials.
    const ended = await endAt(searchArgs(run), run, { events: 70, pause: 0, signal: "SIGINT" });
    expect(ended.code).toBe(130);
    expect(ended.stderr).toContain(join(run, "best/architecture.json"));
    const [, command = ""] = /; smash (train .*) trains it\./.exec(ended.stderr) ?? [];
    expect(command).toContain(run);
    const trained = await runSmash([...command.split(" "), "--threads", "1", "--epochs", "1"]);
    expect(trained.code).toBe(0);
  }, 180_000);
});
