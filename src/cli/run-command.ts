/**
 * Around the work of every command: progress, Ctrl-C, the result, the exit code.
 *
 * Limit: a signal is seen only when the work lets the event loop turn; long synchronous work has to await between steps.
 */

import { SmashError } from "../errors.js";
import type { CommonOptions } from "./common-options.js";
import { exitCodes, reportError } from "./exit.js";
import { printResult } from "./output.js";
import type { CommandResult } from "./output.js";
import type { Progress } from "./progress.js";

export interface CommandContext {
  readonly progress: Progress;
  readonly common: CommonOptions;
  /** Fires at the first Ctrl-C; its reason is the `interrupted` error to end with (`signal.throwIfAborted()`). */
  readonly signal: AbortSignal;
}

export interface RunOptions {
  /** Said at the first Ctrl-C. Default "stopping after a checkpoint…". */
  readonly stopping?: string;
}

/**
 * Runs `work`, prints what it gives, and sets `process.exitCode`; never throws. The first SIGINT or SIGTERM aborts
 * `signal` and leaves it to the work to end; the second one ends the process at once.
 */
export async function runCommand(
  common: CommonOptions,
  work: (context: CommandContext) => Promise<CommandResult>,
  options: RunOptions = {},
): Promise<void> {
  const { stopping = "stopping after a checkpoint…" } = options;
  const { createProgress } = await import("./progress.js");
  const progress = createProgress({
    quiet: common.quiet,
    stream: process.stderr,
    term: process.env.TERM,
    now: () => performance.now(),
  });
  const controller = new AbortController();
  const { signal } = controller;
  const onSignal = () => {
    if (signal.aborted) {
      progress.stop();
      process.exit(exitCodes.interrupted);
    }
    progress.log(`${stopping} (once more to stop at once)`);
    controller.abort(interrupted());
  };
  process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
  try {
    const result = await work({ progress, common, signal });
    progress.stop();
    printResult(result, common);
    process.exitCode = result.failure ? reportError(result.failure, common) : exitCodes.done;
  } catch (error) {
    progress.stop();
    process.exitCode = reportError(isAbort(error, signal) ? signal.reason : error, common);
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}

function interrupted(): SmashError {
  return new SmashError("interrupted", {
    rule: "The command must run to its end.",
    found: "it was stopped by a signal.",
    fix: "run the same command again.",
  });
}

/** Node's own functions end with an AbortError of theirs. */
function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && error instanceof Error && error.name === "AbortError";
}
