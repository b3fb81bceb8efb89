/**
 * Jobs run in a worker thread, so that progress, Ctrl-C and a page stay alive while libtorch computes: the main
 * thread only passes events on.
 */

import { Worker } from "node:worker_threads";
import type { Architecture } from "../arch/index.js";
import type { RunConfig } from "../config/index.js";
import { SmashError, type ErrorCode, type ErrorDetails } from "../errors.js";
import type { SearchCounts } from "../search/index.js";
import type { TestScore } from "../train/index.js";
import type { RunEvent } from "./events.js";
import type { RankResult } from "./rank-job.js";
import type { SearchResult } from "./search-job.js";
import type { TrainResult } from "./train-job.js";

interface JobBase {
  /** Name of a data set that lies in `dataDir`. */
  readonly dataset: string;
  readonly dataDir: string;
  /** Height = width of its images, pixels. Default: as published. */
  readonly imageSize?: number | undefined;
  readonly threads: number;
}

export type Job = JobBase &
  (
    | { readonly kind: "search"; readonly run: string; readonly config: RunConfig }
    | { readonly kind: "rank"; readonly run: string; readonly config: RunConfig; readonly more: SearchCounts }
    | {
        readonly kind: "train";
        readonly config: RunConfig;
        readonly architecture: Architecture;
        readonly checkpoint: string;
      }
    | { readonly kind: "eval"; readonly checkpoint: string; readonly device: string }
  );

interface Results {
  readonly search: SearchResult;
  readonly rank: RankResult;
  readonly train: TrainResult;
  readonly eval: TestScore;
}

export type WorkerMessage =
  | { readonly kind: "event"; readonly event: RunEvent }
  | { readonly kind: "result"; readonly result: unknown }
  | {
      readonly kind: "error";
      readonly message: string;
      readonly code: unknown;
      readonly details: unknown;
      readonly stack: string | undefined;
    };

export interface JobOptions {
  readonly onEvent?: (event: RunEvent) => void;
  /** Asks the job to save a checkpoint and end with `SmashError("interrupted")`. */
  readonly signal?: AbortSignal;
}

/** Runs a job to its end in a thread of its own. */
export function startJob<Kind extends Job["kind"]>(
  job: Extract<Job, { kind: Kind }>,
  { onEvent, signal }: JobOptions = {},
): Promise<Results[Kind]> {
  const stopFlag = new Int32Array(new SharedArrayBuffer(4));
  const stop = () => Atomics.store(stopFlag, 0, 1);
  if (signal?.aborted) stop();
  signal?.addEventListener("abort", stop);
  const worker = new Worker(new URL("./worker.js", import.meta.url), { workerData: { job, stopFlag } });
  return new Promise<Results[Kind]>((resolve, reject) => {
    worker.on("message", (message: WorkerMessage) => {
      try {
        if (message.kind === "event") onEvent?.(message.event);
        else if (message.kind === "result") resolve(message.result as Results[Kind]);
        else reject(reviveError(message));
      } catch (error) {
        // A listener that cannot go on (a full disk, say) ends the job after a checkpoint.
        stop();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`the worker ended with code ${code}`)));
  }).finally(() => signal?.removeEventListener("abort", stop));
}

function reviveError({ message, code, details, stack }: Extract<WorkerMessage, { kind: "error" }>): Error {
  const error =
    typeof code === "string" && typeof details === "object"
      ? new SmashError(code as ErrorCode, details as ErrorDetails)
      : new Error(message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
