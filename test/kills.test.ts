/**
 * The built command line killed with SIGKILL at random moments, again and again: what it has in the end is, byte for byte,
 * what it has when it is left alone. The moments come from SMASH_KILL_SEED, and are printed.
 */

import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runSmash } from "../src/cli/built-cli.fixture.js";
import { Random } from "../src/random.js";

const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "smash-kills-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const seed = Number(process.env.SMASH_KILL_SEED ?? 1);
const kills = 5;

/** Events a run has told so far. */
function countEvents(run: string): number {
  const path = join(run, "events.jsonl");
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
}

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

/** Starts the command and kills it at the moment; true where it had not ended by then. */
async function killAt(args: readonly string[], run: string, { events, pause }: Moment): Promise<boolean> {
  const goal = countEvents(run) + events;
  const child = spawn(process.execPath, [main, ...args], { stdio: "ignore" });
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.on("close", (_code, signal) => resolve(signal)),
  );
  while (child.exitCode === null && countEvents(run) < goal) await sleep(5);
  await sleep(pause);
  child.kill("SIGKILL");
  return (await ended) === "SIGKILL";
}

/** Kills the command at each of the moments, then lets it end; gives what it prints, and how often it was killed. */
async function killAndFinish(args: readonly string[], run: string, moments: readonly Moment[]) {
  let killed = 0;
  for (const moment of moments) if (await killAt(args, run, moment)) killed++;
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
