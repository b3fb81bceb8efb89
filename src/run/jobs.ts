/**
 * Jobs run in a worker thread, so that progress, Ctrl-C and a page stay alive while libtorch computes: the main
 * thread only passes events on.
 */

import type { Architecture } from "../arch/index.js";
import type { RunConfig } from "../config/index.js";
import type { RunEvent } from "./events.js";
import type { RankRequest, RankResult } from "./rank-job.js";
import type { SearchResult } from "./search-job.js";
import { runInThread, type ThreadOptions } from "./thread.js";
import type { EvalResult, TestedResult } from "./train-job.js";

interface JobBase {
  /** Name of a data set that lies in `dataDir`. */
  readonly dataset: string;
  readonly dataDir: string;
  /** Height = width of its images, pixels. Default: as published. */
  readonly imageSize?: number | undefined;
  readonly threads: number;
}

/** Work for a thread of its own; `kind` tells which. */
export type Job = JobBase &
  (
    | { readonly kind: "search"; readonly run: string; readonly config: RunConfig }
    | ({ readonly kind: "rank"; readonly run: string; readonly config: RunConfig } & RankRequest)
    | {
        readonly kind: "train";
        readonly config: RunConfig;
        readonly architecture: Architecture;
        readonly checkpoint: string;
      }
    | {
        readonly kind: "eval";
        readonly checkpoint: string;
        readonly device: string;
        readonly precision: RunConfig["precision"];
      }
  );

interface Results {
  readonly search: SearchResult;
  readonly rank: RankResult;
  readonly train: TestedResult;
  readonly eval: EvalResult;
}

/** How a job is watched and stopped. */
export type JobOptions = ThreadOptions<RunEvent>;

/** Runs a job to its end in a thread of its own. */
export function startJob<Kind extends Job["kind"]>(
  job: Extract<Job, { kind: Kind }>,
  options: JobOptions = {},
): Promise<Results[Kind]> {
  return runInThread<RunEvent, Results[Kind]>(new URL("./worker.js", import.meta.url), job, options);
}
