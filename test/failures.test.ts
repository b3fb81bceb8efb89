/** What the built command line does when the machine fails it: no memory, no disk, no libtorch. Nothing may be lost. */

import { spawn, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { runSmash, type Ended } from "../src/cli/built-cli.fixture.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const main = join(root, "dist/cli/main.js");
const folder = mkdtempSync(join(tmpdir(), "smash-failures-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ranking = { counts: { random: 3, perturb: 0, chain: 0 } };

/** The arguments of a short search; `hypernetTraining` changes the preset's. */
function searchArgs(out: string, hypernetTraining: object): string[] {
  const config = join(folder, `${out}.json`);
  writeFileSync(config, JSON.stringify({ hypernetTraining, ranking }));
  const run = join(folder, out);
  return `search --data synthetic --preset tiny --threads 1 --json --config ${config} --out ${run}`.split(
    " ",
  );
}

/** Runs `smash` in a shell after this command, a limit say. */
function runAfter(command: string, args: readonly string[]): Promise<Ended> {
  const child = spawn("bash", ["-c", `${command} && exec "$@"`, "bash", process.execPath, main, ...args]);
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (stdout += String(chunk)));
  child.stderr.on("data", (chunk: Buffer) => (stderr += String(chunk)));
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, stdout, stderr })));
}

/** The last line, which is the error's: one line with code, rule, values and fix. */
function errorLine({ code, stdout, stderr }: Ended, error: string): string {
  const line = stderr.trimEnd().split("\n").at(-1)!;
  expect(line).toMatch(new RegExp(`^smash: ${error}: .+ Found: .+ Fix: .+`));
  expect(stderr).not.toContain("    at ");
  expect(stdout).toBe("");
  expect(code).toBe(1);
  return line;
}

const checkpoint = (out: string) => readFileSync(join(folder, out, "checkpoints/hypernet.safetensors"));

/** Runs a search up to a checkpoint, as if by Ctrl-C; gives the most memory the process had mapped, KiB. */
async function beginSearch(args: readonly string[]): Promise<number> {
  const out = args.at(-1)!;
  const child = spawn(process.execPath, [main, ...args], { stdio: "ignore" });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const log = join(out, "events.jsonl");
  while (child.exitCode === null && !(existsSync(log) && readFileSync(log, "utf8").includes('"step":2'))) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
  child.kill("SIGINT");
  expect(await ended).toBe(130);
  return Number(/VmPeak:\s+(\d+)/.exec(status)?.[1]);
}

describe("without enough memory", () => {
  it("weights that no machine holds are refused with what was asked for", async () => {
    const config = join(folder, "huge.json");
    writeFileSync(config, JSON.stringify({ hypernet: { growth: 1e9 } }));
    const run = join(folder, "huge");
    const line = errorLine(
      await runSmash(["search", "--data", "synthetic", "--preset", "tiny", "--config", config, "--out", run]),
      "out-of-memory",
    );
    expect(line).toContain("1000000000");
    expect(line).toContain("narrower space");
  });

  it.runIf(process.platform === "linux")("a search ends with one line and keeps its checkpoint", async () => {
    // Large batches: nearly all of the memory is tensors.
    const args = searchArgs("memory", {
      steps: 4,
      batchSize: 1000,
      checkpointEvery: 100,
      validateEvery: 100,
    });
    const mapped = await beginSearch(args);
    const before = checkpoint("memory");
    // More than the engine takes before it has tensors, less than the steps took.
    const ended = await runAfter(`ulimit -v ${mapped - 250_000}`, args);
    expect(errorLine(ended, "out-of-memory")).toContain("smaller batch");
    expect(checkpoint("memory").equals(before)).toBe(true);
  });
});

describe("on a full disk", () => {
  const settings = { steps: 12, checkpointEvery: 3, validateEvery: 100 };

  it("a checkpoint that cannot be written is told with its folder; the last one stays and goes on", async () => {
    const args = searchArgs("disk", settings);
    await beginSearch(args);
    const before = checkpoint("disk");
    // Files may not be larger: less than a checkpoint, more than the log.
    const ended = await runAfter("ulimit -f 40", args);
    expect(before.length).toBeGreaterThan(40 * 1024);
    expect(errorLine(ended, "disk-full")).toContain(join(folder, "disk", "checkpoints"));
    expect(checkpoint("disk").equals(before)).toBe(true);
    expect((await runSmash(args)).code).toBe(0);
  });

  const mount = "mount -t tmpfs -o size=150k none";
  const canMount = spawnSync("unshare", ["-rm", "sh", "-c", `${mount} /mnt`]).status === 0;

  it.runIf(canMount)("a run that fills it ends with one line that names the place", async () => {
    const args = searchArgs("full", settings);
    const run = join(folder, "full");
    mkdirSync(run);
    const script = `${mount} ${run} && "$@"; code=$?; ls ${run} >&3; exit $code`;
    const child = spawn("unshare", ["-rm", "bash", "-c", script, "bash", process.execPath, main, ...args], {
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    const texts = ["", "", "", ""];
    for (const index of [1, 2, 3]) {
      child.stdio[index]!.on("data", (chunk: Buffer) => (texts[index] += String(chunk)));
    }
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    const [, stdout, stderr, files] = texts;
    expect(errorLine({ code, stdout, stderr }, "disk-full")).toContain(run);
    expect(files).toContain("config.json");
  });
});

describe("without libtorch", () => {
  /** The program as it is, without its addon or with something else in its place. */
  function installWithout(addon: string | undefined): string {
    const copy = mkdtempSync(join(folder, "program-"));
    cpSync(join(root, "dist"), join(copy, "dist"), { recursive: true });
    cpSync(join(root, "package.json"), join(copy, "package.json"));
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    if (addon !== undefined) {
      mkdirSync(join(copy, "native/build/Release"), { recursive: true });
      writeFileSync(join(copy, "native/build/Release/smash_native.node"), addon);
    }
    return join(copy, "dist/cli/main.js");
  }

  function search(program: string): Ended {
    const args = ["search", "--data", "synthetic", "--preset", "tiny", "--out", join(folder, "none")];
    const {
      status: code,
      stdout,
      stderr,
    } = spawnSync(process.execPath, [program, ...args], {
      encoding: "utf8",
    });
    return { code, stdout, stderr };
  }

  it.each([
    ["an addon that was never built", undefined, "no file "],
    ["an addon that cannot be loaded", "not a library", "smash_native.node"],
  ])("%s: one line says what to install, and no run is begun", (_, addon, found) => {
    const line = errorLine(search(installWithout(addon)), "engine");
    expect(line).toContain(found);
    expect(line).toContain("apt-get install cmake make g++ libtorch-dev libopenblas0-openmp, then npm ci");
    expect(existsSync(join(folder, "none"))).toBe(false);
  });
});
