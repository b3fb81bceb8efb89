/** What an error becomes: one readable line on stderr and an exit code. */

import { inspect } from "node:util";
import { SmashError } from "../errors.js";
import { hasCode, isDiskFull, isWrongPath } from "../files.js";

export const exitCodes = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export interface ReportOptions {
  /** With the stack. Default false. */
  readonly verbose?: boolean;
}

/** Writes `smash: <code>: <rule> Found: … Fix: …` to stderr and returns the exit code to leave with. */
export function reportError(error: unknown, options: ReportOptions = {}): ExitCode {
  const { verbose = false } = options;
  const known = error instanceof SmashError ? error : unexpected(error);
  const line = known.message.replaceAll(/\s*\n\s*/g, " ").trim();
  process.stderr.write(`smash: ${known.code}: ${line}\n`);
  if (verbose) process.stderr.write(`${inspect(error)}\n`);
  return exitCodeOf(known);
}

function exitCodeOf({ code }: SmashError): ExitCode {
  if (code === "usage") return exitCodes.usage;
  return code === "interrupted" ? exitCodes.interrupted : exitCodes.failed;
}

function unexpected(error: unknown): SmashError {
  const found = String(error).replace(/\.?$/, ".");
  if (isDiskFull(error)) {
    return new SmashError("disk-full", {
      rule: "The disk must have room for what is written.",
      found,
      fix: "free some space, then run the command again.",
      cause: error,
    });
  }
  if (isMemoryFull(error)) {
    return new SmashError("out-of-memory", {
      rule: "The machine must have memory for what is computed.",
      found,
      fix: "use a smaller batch or a narrower space, or raise the limit; what was saved is intact.",
      cause: error,
    });
  }
  if (isWrongPath(error)) {
    return new SmashError("usage", {
      rule: "Paths must be of files and folders that are there, or can be made, and that this user may use.",
      found,
      fix: `correct the path ${error.path}, or its permissions.`,
      cause: error,
    });
  }
  return new SmashError("internal", {
    rule: "The program must foresee what goes wrong.",
    found,
    fix: "run the command again with --verbose and report what it prints.",
    cause: error,
  });
}

/** JavaScript's own shortages; those of tensors come from the engine with a code. */
function isMemoryFull(error: unknown): boolean {
  return hasCode(error, "ERR_WORKER_OUT_OF_MEMORY") || /allocation failed/.test(String(error));
}
