/**
 * The built command line for tests: what users run, in a process of its own.
 *
 * Limit: it does not build. `npm test` does that first; with vitest alone, run `npm run build` after a change.
 */

import { spawn, type ChildProcess } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const dist = new URL("../../dist/cli/", import.meta.url);

export interface Ended {
  /** The exit code; null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProcessOptions {
  readonly env?: NodeJS.ProcessEnv;
  /** Told what was written to stderr so far, every time something is. */
  readonly onStderr?: (text: string, kill: (signal: NodeJS.Signals) => void) => void;
}

/** The address of a built module, for scripts given to `runNode`. */
export function builtModule(name: string): string {
  const url = new URL(name, dist);
  if (!existsSync(url)) throw new Error(`${url.pathname} is not there; run \`npm run build\` first`);
  return url.href;
}

/** A command on its way: its process, to be ended early, and how it ended. */
export interface Started {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
}

/** Starts `smash` with these arguments. */
export function startSmash(args: readonly string[], options: ProcessOptions = {}): Started {
  return startProgram(process.execPath, [fileURLToPath(builtModule("main.js")), ...args], options);
}

/** Runs `smash` with these arguments to its end. */
export function runSmash(args: readonly string[], options: ProcessOptions = {}): Promise<Ended> {
  return startSmash(args, options).ended;
}

/** Runs a module given as text. */
export function runScript(source: string, options: ProcessOptions = {}): Promise<Ended> {
  return startProgram(process.execPath, ["--input-type=module", "-e", source], options).ended;
}

const running = new Set<Started>();

/** Ends what tests that ran out of time have left behind. */
export async function killRunning(): Promise<void> {
  for (const { child } of running) child.kill("SIGKILL");
  await Promise.allSettled([...running].map(({ ended }) => ended));
}

/** Starts any program, such as one that starts `smash`. */
export function startProgram(
  program: string,
  args: readonly string[],
  { env, onStderr }: ProcessOptions = {},
): Started {
  const child = spawn(program, args, {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => (stdout += chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
    onStderr?.(stderr, (signal) => child.kill(signal));
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, stdout, stderr }));
  });
  const started = { child, ended };
  running.add(started);
  child.once("close", () => running.delete(started));
  return started;
}
