/** What the built command line does when the machine fails it: no memory, no disk, no libtorch. Nothing may be lost. */

import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { runSmash, startProgram, startSmash, type Ended } from "../src/cli/built-cli.fixture.js";
import { temporaryFolder } from "./search-command.fixture.js";

const root = fileURLToPath(new URL("..", import.meta.url));
const main = join(root, "dist/cli/main.js");
const folder = temporaryFolder("failures");

const ranking = { counts: { random: 3, perturb: 0, chain: 0 } };

/** The arguments of a short search; `hypernetTraining` and `others` change the preset's. */
function searchArgs(out: string, hypernetTraining: object, others: object = {}): string[] {
  const config = join(folder, `${out}.json`);
  writeFileSync(config, JSON.stringify({ hypernetTraining, ranking, ...others }));
  const run = join(folder, out);
  return `search --data synthetic --preset tiny --threads 1 --json --config ${config} --out ${run}`.split(
    " ",
  );
}

/** Starts a search, and waits for its first steps. */
async function startSearch(args: readonly string[], steps: number) {
  const search = startSmash(args);
  const log = join(args.at(-1)!, "events.jsonl");
  const hasStepped = () => existsSync(log) && readFileSync(log, "utf8").includes(`"step":${steps},`);
  while (search.child.exitCode === null && !hasStepped()) await sleep(10);
  return search;
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

/** Every line of a run's log. */
function eventsOf(out: string) {
  const lines = readFileSync(join(folder, out, "events.jsonl"), "utf8")
    .trimEnd()
    .split("\n");
  return lines.map(
    (line) => JSON.parse(line) as { readonly type: string; readonly step?: number; readonly at?: number },
  );
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

  it.runIf(process.platform === "linux")(
    "a search ends with one line, and goes on from its last step",
    async () => {
      // Fine-tuning has batches of so many images that nearly all of the memory is in tensors of 30 MB.
      const args = searchArgs(
        "memory",
        { steps: 4, checkpointEvery: 1, validateEvery: 100 },
        { ranking: { ...ranking, fineTuning: { best: 1, steps: 1 } }, networkTraining: { batchSize: 1800 } },
      );
      const { child, ended } = await startSearch(args, 1);
      const data = /VmData:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))![1];
      // The limit comes after a first step, because OpenBLAS waits for ever for its first buffer; and it leaves room for
      // the code that oneDNN compiles, which it would miss with a crash.
      const limit = 1024 * (Number(data) + 96_000);
      expect(spawnSync("prlimit", [`--pid=${child.pid}`, `--data=${limit}`]).status).toBe(0);
      expect(errorLine(await ended, "out-of-memory")).toContain("smaller batch");
      expect((await runSmash(args)).code).toBe(0);
      const steps = eventsOf("memory").filter(({ type }) => type === "hypernet-step");
      expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4]);
    },
  );
});

const mount = "mount -t tmpfs -o size=150k none";
const canMount = spawnSync("unshare", ["-rm", "sh", "-c", `${mount} /mnt`]).status === 0;

describe("on a full disk", () => {
  const settings = { steps: 12, checkpointEvery: 3, validateEvery: 100 };

  it("a checkpoint that cannot be written is told with its folder; the last one stays and goes on", async () => {
    const args = searchArgs("disk", settings);
    const begun = await startSearch(args, 2);
    begun.child.kill("SIGINT");
    expect((await begun.ended).code).toBe(130);
    const before = checkpoint("disk");
    // Files may not be larger: less than a checkpoint, more than the log.
    const { ended } = startProgram("bash", [
      "-c",
      `ulimit -f 40 && exec "$@"`,
      "bash",
      process.execPath,
      main,
      ...args,
    ]);
    expect(before.length).toBeGreaterThan(40 * 1024);
    expect(errorLine(await ended, "disk-full")).toContain(join(folder, "disk", "checkpoints"));
    expect(checkpoint("disk").equals(before)).toBe(true);
    expect((await runSmash(args)).code).toBe(0);
    // The report adds up sittings by these.
    expect(eventsOf("disk").every(({ type, at }) => type === "trained" || at! > 1e12)).toBe(true);
  });

  it.runIf(canMount)("a run that fills it ends with one line that names the place", async () => {
    const args = searchArgs("full", settings);
    const run = join(folder, "full");
    mkdirSync(run);
    const script = `${mount} ${run} && "$@"; code=$?; ls ${run} >&2; exit $code`;
    const { ended } = startProgram("unshare", [
      "-rm",
      "bash",
      "-c",
      script,
      "bash",
      process.execPath,
      main,
      ...args,
    ]);
    const { code, stdout, stderr } = await ended;
    const [messages, files] = stderr.split(/(?<=Fix: .*\n)/);
    expect(errorLine({ code, stdout, stderr: messages }, "disk-full")).toContain(run);
    expect(files).toContain("config.json");
  });
});

describe.runIf(canMount)("on a disk that a training fills", () => {
  const place = (name: string) => join(folder, name);
  const trainArgs = (out: string) =>
    `train --data synthetic --network resnet --preset tiny --threads 1 --json --out ${out}`.split(" ");
  const read = (name: string) => readFileSync(place(name), "utf8");

  it("nothing that was saved is lost, and with some room it goes on to the same end", async () => {
    for (const name of ["small", "alone"]) mkdirSync(place(name));
    const alone = await runSmash(trainArgs(join(place("alone"), "network.safetensors")));
    // Room for two checkpoints, but not with the best epoch beside them: full after the first epoch.
    const script = `
      cd ${folder} && mount -t tmpfs -o size=72k none small || exit 9
      "$@" > first.out 2> first.err; echo $? > first.code
      cp -r small filled
      mount -o remount,size=1m small || exit 9
      "$@" > second.out; echo $? > second.code
      cp -r small finished`;
    const small = join(place("small"), "network.safetensors");
    const args = ["-rm", "bash", "-c", script, "bash", process.execPath, main, ...trainArgs(small)];
    expect((await startProgram("unshare", args).ended).code).toBe(0);

    const line = errorLine(
      { code: Number(read("first.code")), stdout: "", stderr: read("first.err") },
      "disk-full",
    );
    expect(line).toContain(place("small"));
    // What it names as the best so far is there and whole.
    const best = "network.best-epoch.safetensors";
    expect(line).toContain(best);
    const tested = ["eval", "--data", "synthetic", "--json", "--checkpoint"];
    const ofBest = await runSmash([...tested, join(place("filled"), best)]);
    expect(ofBest.code, ofBest.stderr).toBe(0);
    const ofCheckpoint = await runSmash([...tested, join(place("filled"), "network.safetensors")]);
    expect(ofCheckpoint.code, ofCheckpoint.stderr).toBe(0);

    expect(Number(read("second.code"))).toBe(0);
    const results = (text: string) => ({ ...(JSON.parse(text) as object), checkpoint: "", bestEpoch: "" });
    expect(results(read("second.out"))).toEqual(results(alone.stdout));
    for (const name of ["network.safetensors", best]) {
      const bytes = readFileSync(join(place("finished"), name));
      expect(bytes.equals(readFileSync(join(place("alone"), name))), name).toBe(true);
    }
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
