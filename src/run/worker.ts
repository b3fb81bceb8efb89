/** The thread that computes: runs one job and tells its events. */

import { basename, dirname } from "node:path";
import { loadDataset } from "../data/index.js";
import { RunFolder, withFolderLock, type LockedFolder } from "../store/index.js";
import { setThreads } from "../tensor/index.js";
import type { JobContext, RunEvent } from "./events.js";
import type { Job } from "./jobs.js";
import { runRank } from "./rank-job.js";
import { runSearch } from "./search-job.js";
import { serveThread } from "./thread.js";
import { runEval, runTrain } from "./train-job.js";

/** Two trainings may share a folder, but not a checkpoint. */
function lockOf(checkpoint: string): LockedFolder {
  return { path: dirname(checkpoint), name: `.${basename(checkpoint)}.lock`, holds: "training" };
}

async function runJob(job: Job, context: JobContext): Promise<unknown> {
  const dataset = await loadDataset(job.dataset, job);
  switch (job.kind) {
    case "search":
      return withFolderLock({ path: job.run, holds: "run" }, () =>
        runSearch({ ...job, folder: new RunFolder(job.run), dataset }, context),
      );
    case "rank":
      return withFolderLock({ path: job.run, holds: "run" }, () =>
        runRank({ ...job, folder: new RunFolder(job.run), dataset }, job, context),
      );
    case "train":
      return withFolderLock(lockOf(job.checkpoint), () => runTrain({ ...job, dataset }, context));
    case "eval":
      return runEval({ ...job, dataset }, context);
  }
}

await serveThread<Job, RunEvent>((job, context) => {
  setThreads(job.threads);
  return runJob(job, context);
});
