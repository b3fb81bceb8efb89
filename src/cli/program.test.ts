import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { builtModule, runScript, runSmash } from "./built-cli.fixture.js";

/** Exactly one line, of this form. */
function isErrorLine(stderr: string, code: string): boolean {
  return new RegExp(`^smash: ${code}: [^\\n]+ Found: [^\\n]+ Fix: [^\\n]+\\n$`).test(stderr);
}

describe("wrong usage ends with code 2, one line, and the nearest name", () => {
  it.each([
    { args: ["dat"], typed: "dat", nearest: "data" },
    { args: ["data", "lst"], typed: "lst", nearest: "list" },
    { args: ["data", "list", "--jsn"], typed: "--jsn", nearest: "--json" },
    { args: ["arch", "sample", "--presett", "tiny"], typed: "--presett", nearest: "--preset" },
    { args: ["arch", "sample", "--presett=tiny"], typed: "--presett", nearest: "--preset" },
    { args: ["arch", "sample", "--preset", "tinny"], typed: "tinny", nearest: "tiny" },
    { args: ["data", "check", "cifar1"], typed: "cifar1", nearest: "cifar10" },
  ])("$args", async ({ args, typed, nearest }) => {
    const { code, stdout, stderr } = await runSmash(args);
    expect(stderr).toContain(`Found: "${typed}".`);
    expect(stderr).toContain(`did you mean "${nearest}"?`);
    expect(isErrorLine(stderr, "usage")).toBe(true);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it.each([
    { args: ["--threads", "0", "data", "list"], says: "--threads must be a whole number from 1 to 1024" },
    { args: ["data", "list", "--seed", "1.5"], says: "--seed must be a whole number, 0 or more" },
    { args: ["data", "list", "--device", "gpu"], says: "--device must be cpu, cuda, cuda:N or auto" },
    { args: ["data", "list", "--precision", "fp16"], says: "--precision must be one of fp32, bf16" },
    { args: ["data", "list", "--data-dir", ""], says: "--data-dir must name a folder" },
    { args: ["data", "list", "--seed"], says: "argument missing" },
    { args: ["data", "list", "cifar10"], says: "too many arguments" },
    { args: ["data", "fetch"], says: "missing required argument" },
    { args: ["arch", "sample"], says: "required option" },
  ])("$args", async ({ args, says }) => {
    const { code, stdout, stderr } = await runSmash(args);
    expect(stderr).toContain(says);
    expect(isErrorLine(stderr, "usage")).toBe(true);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });

  it.each([[[]], [["data"]]])("no command, %j: the help, on stderr", async (args) => {
    const { code, stdout, stderr } = await runSmash(args);
    expect(stderr).toMatch(/^Usage: smash /);
    expect(stdout).toBe("");
    expect(code).toBe(2);
  });
});

describe("asked for, help and version go to stdout and end with code 0", () => {
  it("the help names every command", async () => {
    const { code, stdout, stderr } = await runSmash(["--help"]);
    for (const command of ["demo", "search", "rank", "train", "export", "report", "arch", "data"]) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command} `, "m"));
    }
    expect(stderr).toBe("");
    expect(code).toBe(0);
  });

  it("a command's help names its own options and the common ones", async () => {
    const { stdout } = await runSmash(["arch", "sample", "--help"]);
    const common = [
      "--json",
      "--quiet",
      "--verbose",
      "--device",
      "--threads",
      "--seed",
      "--precision",
      "--data-dir",
    ];
    for (const option of ["--preset", "--count", "--out", ...common]) expect(stdout).toContain(option);
  });

  it("a command's help says what is required, and what is done without the rest", async () => {
    const rank = (await runSmash(["rank", "--help"])).stdout.replaceAll(/\s+/g, " ");
    expect(rank).toContain("the run's folder (required)");
    for (const count of [/--perturb [^(]*/, /--chain [^(]*/, /--evolution [^(]*/, /--nsga2 [^(]*/]) {
      expect(rank).toMatch(new RegExp(`${count.source}\\(default: 0\\)`));
    }
    expect(rank).toContain("order them anew (default: as many as in the run's config.json)");
    expect(rank.match(/\(required\)/g)).toHaveLength(1);
  });

  it("the version is package.json's", async () => {
    const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    const { stdout } = await runSmash(["--version"]);
    expect(stdout.trim()).toBe((JSON.parse(text) as { version: string }).version);
  });
});

it("a common option is understood before and after the command", async () => {
  const env = { SMASH_DATA: "/nonexistent/smash-data" };
  const before = await runSmash(["--json", "data", "check"], { env });
  const after = await runSmash(["data", "check", "--json"], { env });
  expect(before.stdout).toMatch(/^\{"datasets":/);
  expect(after).toEqual(before);
});

it("help loads none of the heavy packages", async () => {
  const { stdout, stderr } = await runScript(`
    import { register } from "node:module";
    const hook = "export async function resolve(name, context, next) {" +
      "const found = await next(name, context); process._rawDebug(found.url); return found; }";
    register("data:text/javascript," + encodeURIComponent(hook));
    process.argv = [process.argv[0], "smash", "--help"];
    await import(${JSON.stringify(builtModule("main.js"))});
  `);
  expect(stdout).toContain("Usage: smash");
  expect(stderr).toContain("node_modules/commander");
  expect(stderr).not.toMatch(
    /node_modules\/(zod|cli-progress|libsql|vega|sharp|tar|env-paths|onnxruntime-node)\b|smash_native/,
  );
});

it("help costs less than 110 ms where Node alone costs 40", async () => {
  // Time of the processor, and against Node's own, so that a busy machine does not fail the test.
  const cheapest = async (source: string) => {
    const costs: number[] = [];
    for (let turn = 0; turn < 5; turn++) {
      const { stderr } = await runScript(`
        process.on("exit", () => {
          const { user, system } = process.cpuUsage();
          process._rawDebug(user + system);
        });
        ${source}`);
      costs.push(Number(stderr));
    }
    return Math.min(...costs);
  };
  const help = await cheapest(`
    process.argv = [process.argv[0], "smash", "--help"];
    await import(${JSON.stringify(builtModule("main.js"))});`);
  expect(help / (await cheapest(""))).toBeLessThan(2.75);
});

it("a reader that stops reading ends the command quietly", async () => {
  const main = fileURLToPath(builtModule("main.js"));
  const { stdout, stderr } = await promisify(execFile)("bash", [
    "-c",
    `"$0" "$1" arch sample --preset tiny --count 3000 --json | head -c 20; echo " \${PIPESTATUS[0]}"`,
    process.execPath,
    main,
  ]);
  expect(stdout).toMatch(/^\{"architectures":\[\{" 0\n$/);
  expect(stderr).toBe("");
});
