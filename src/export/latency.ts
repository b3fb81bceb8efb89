/** How long a file takes for one answer: ONNX Runtime in a process of its own, so that nothing of ours runs beside it. */

import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { SmashError } from "../errors.js";
import { withTemporaryFolder } from "../files.js";

/** How `measureLatency` measures. */
export interface LatencyOptions {
  /** Default 1. */
  readonly threads?: number;
  /** Images a run; default 1. */
  readonly batch?: number;
  /** Runs before the measured ones. Default 20. */
  readonly warmup?: number;
  /** Measured runs. Default 200. */
  readonly runs?: number;
  readonly signal?: AbortSignal;
}

/** How long a network takes, milliseconds. */
export interface Latency {
  readonly medianMs: number;
  /** A tenth of the runs is at most so fast, … */
  readonly p10Ms: number;
  /** … and a tenth at least so slow: far from the median where the machine does other things as well. */
  readonly p90Ms: number;
  readonly runs: number;
  readonly threads: number;
  readonly batch: number;
}

const run = promisify(execFile);

/**
 * Time from a batch of images to its logits, of a file by path or content. Errors: `checkpoint` for one that ONNX
 * Runtime cannot run.
 */
export function measureLatency(model: string | Uint8Array, options: LatencyOptions = {}): Promise<Latency> {
  if (typeof model === "string") return measureFile(model, options);
  return withTemporaryFolder(join(tmpdir(), "smash-latency"), async (folder) => {
    const path = join(folder, "model.onnx");
    await writeFile(path, model);
    return measureFile(path, options);
  });
}

async function measureFile(path: string, options: LatencyOptions): Promise<Latency> {
  const { threads = 1, batch = 1, warmup = 20, runs = 200, signal } = options;
  const program = fileURLToPath(new URL("./latency-process.js", import.meta.url));
  const request = JSON.stringify({ path, threads, batch, warmup, runs });
  try {
    const { stdout } = await run(process.execPath, [program, request], { signal });
    return { ...(JSON.parse(stdout) as Pick<Latency, "medianMs" | "p10Ms" | "p90Ms">), runs, threads, batch };
  } catch (cause) {
    signal?.throwIfAborted();
    const words = cause instanceof Error && "stderr" in cause ? String(cause.stderr).trim() : String(cause);
    throw new SmashError("checkpoint", {
      rule: "The file must be an ONNX network that smash export wrote.",
      found: `${path}: ${words.split("\n").find((line) => line.includes("Error")) ?? words}.`,
      fix: "export the network again.",
      cause,
    });
  }
}
