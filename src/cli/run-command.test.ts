import { expect, it } from "vitest";
import { builtModule, runScript } from "./built-cli.fixture.js";
import type { Ended, ProcessOptions } from "./built-cli.fixture.js";

const common = { json: false, quiet: false, verbose: false };

/** Runs a command whose work is this text. */
function runWork(
  work: string,
  { options, ...process }: ProcessOptions & { readonly options?: Partial<typeof common> } = {},
): Promise<Ended> {
  return runScript(
    `
    import { setTimeout } from "node:timers/promises";
    import { runCommand } from ${JSON.stringify(builtModule("run-command.js"))};
    import { SmashError } from ${JSON.stringify(builtModule("../errors.js"))};
    const options = ${JSON.stringify({ ...common, ...options })};
    await runCommand(options, async ({ progress, common, signal }) => { ${work} });
    `,
    process,
  );
}

const result = `return { json: { answer: 42 }, text: "forty-two\\n" };`;
const failure = `new SmashError("data", { rule: "A rule.", found: "two\\nlines.", fix: "fix it." })`;

it("prints the text, or with --json the document alone", async () => {
  expect(await runWork(result)).toEqual({ code: 0, stdout: "forty-two\n", stderr: "" });
  const noisy = `progress.start("work", 2); progress.update(2); progress.log("a note"); ${result}`;
  const { stdout, stderr } = await runWork(noisy, { options: { json: true } });
  expect(stdout).toBe('{"answer":42}\n');
  expect(stderr).toContain("a note\nwork: 2/2 in ");
});

it("--quiet silences progress and notes, not the result", async () => {
  const work = `progress.start("work", 2); progress.log("a note"); ${result}`;
  expect(await runWork(work, { options: { quiet: true } })).toEqual({
    code: 0,
    stdout: "forty-two\n",
    stderr: "",
  });
});

it("an error is one line, with the stack only when --verbose asks for it", async () => {
  const line = "smash: data: A rule. Found: two lines. Fix: fix it.\n";
  expect(await runWork(`throw ${failure};`)).toEqual({ code: 1, stdout: "", stderr: line });
  const { stderr } = await runWork(`throw ${failure};`, { options: { verbose: true } });
  expect(stderr.startsWith(line)).toBe(true);
  expect(stderr).toMatch(/\n {4}at /);
});

it("an error nobody foresaw is one line as well", async () => {
  const { code, stderr } = await runWork(`undefined.field;`);
  expect(stderr).toMatch(/^smash: internal: .*Found: TypeError: Cannot read properties of undefined.*\n$/);
  expect(code).toBe(1);
});

it.each([
  ["a folder that is read as a file's folder", `await readdir("/dev/null")`, "ENOTDIR", "/dev/null"],
  ["a file that is not there", `await readFile("/none/such")`, "ENOENT", "/none/such"],
  ["a folder that is opened to be written", `await writeFile("/tmp", "")`, "EISDIR", "/tmp"],
  ["a folder that is there", `await mkdir("/tmp")`, "EEXIST", "/tmp"],
])("%s is a wrong path, not an error nobody foresaw", async (_, work, code, path) => {
  const ended = await runWork(
    `const { mkdir, readdir, readFile, writeFile } = await import("node:fs/promises"); ${work};`,
  );
  expect(ended.stderr).toMatch(
    new RegExp(`^smash: usage: .*Found: Error: ${code}.*Fix: correct the path ${path},.*\n$`),
  );
  expect(ended.code).toBe(2);
});

it("memory that JavaScript cannot have is told as such", async () => {
  const { code, stderr } = await runWork(`new ArrayBuffer(2 ** 46);`);
  expect(stderr).toMatch(/^smash: out-of-memory: .*Array buffer allocation failed.*\n$/);
  expect(code).toBe(1);
});

it("a result that is a failure is printed and still sets the code", async () => {
  const work = `return { json: { ok: false }, text: "", failure: ${failure} };`;
  const { code, stdout, stderr } = await runWork(work, { options: { json: true } });
  expect(stdout).toBe('{"ok":false}\n');
  expect(stderr).toMatch(/^smash: data: /);
  expect(code).toBe(1);
});

/** Sends SIGINT when the text appears; once for each, in order. */
function interruptAt(...texts: readonly string[]): NonNullable<ProcessOptions["onStderr"]> {
  const left = [...texts];
  return (stderr, kill) => {
    if (left.length > 0 && stderr.includes(left[0])) {
      left.shift();
      kill("SIGINT");
    }
  };
}

it("the first Ctrl-C lets the work end with a checkpoint, and the code is 130", async () => {
  const work = `
    progress.log("ready");
    while (!signal.aborted) await setTimeout(5);
    progress.log("checkpoint written");
    signal.throwIfAborted();`;
  const { code, stdout, stderr } = await runWork(work, { onStderr: interruptAt("ready") });
  expect(stderr).toMatch(/^ready\nstopping after a checkpoint….*\ncheckpoint written\nsmash: interrupted: /);
  expect(stdout).toBe("");
  expect(code).toBe(130);
});

it("an AbortError of Node's own functions is the interruption it stands for", async () => {
  const work = `progress.log("ready"); await setTimeout(60_000, undefined, { signal });`;
  const { code, stderr } = await runWork(work, { onStderr: interruptAt("ready") });
  expect(stderr).toContain("smash: interrupted: ");
  expect(code).toBe(130);
});

it("the second Ctrl-C ends work that does not listen, at once", async () => {
  const work = `progress.log("ready"); await setTimeout(60_000);`;
  const { code, stdout } = await runWork(work, { onStderr: interruptAt("ready", "stopping") });
  expect(stdout).toBe("");
  expect(code).toBe(130);
});
