/**
 * The built command line for tests: what users run, in a process of its own.
 *
 * Limit: it does not build. `npm test` does that first; with vitest alone, run `npm run build` after a change.
 */

import { spawn } from "node:child_process";
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

/** Runs `smash` with these arguments to its end. */
export function runSmash(args: readonly string[], options: ProcessOptions = {}): Promise<Ended> {
  return runProcess([fileURLToPath(builtModule("main.js")), ...args], options);
}

/** Runs a module given as text. */
export function runScript(source: string, options: ProcessOptions = {}): Promise<Ended> {
  return runProcess(["--input-type=module", "-e", source], options);
}

function runProcess(args: readonly string[], { env, onStderr }: ProcessOptions): Promise<Ended> {
  const child = spawn(process.execPath, args, {
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
  return new Promise((resolve, reject) => {
    child.on("error", reject).on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
