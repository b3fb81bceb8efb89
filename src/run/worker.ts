/** The thread that computes: runs one job, tells its events, and looks at a shared flag to know when to stop. */

import { parentPort, workerData } from "node:worker_threads";
import { loadDataset } from "../data/index.js";
import { SmashError } from "../errors.js";
import { RunFolder } from "../store/index.js";
import { setThreads } from "../tensor/index.js";
import type { JobContext } from "./events.js";
import type { Job, WorkerMessage } from "./jobs.js";
import { runRank } from "./rank-job.js";
import { runSearch } from "./search-job.js";
import { runEval, runTrain } from "./train-job.js";

async function runJob(job: Job, context: JobContext): Promise<unknown> {
  const dataset = await loadDataset(job.dataset, job);
  switch (job.kind) {
    case "search":
      return runSearch({ ...job, folder: new RunFolder(job.run), dataset }, context);
    case "rank":
      return runRank({ ...job, folder: new RunFolder(job.run), dataset }, job.more, context);
    case "train":
      return runTrain({ ...job, dataset }, context);
    case "eval":
      return runEval({ ...job, dataset });
  }
}

const { job, stopFlag } = workerData as { readonly job: Job; readonly stopFlag: Int32Array };
const send = (message: WorkerMessage) => parentPort!.postMessage(message);
setThreads(job.threads);
try {
  const result = await runJob(job, {
    emit: (event) => send({ kind: "event", event }),
    shouldStop: () => Atomics.load(stopFlag, 0) !== 0,
    now: () => performance.now(),
  });
  send({ kind: "result", result });
} catch (error) {
  const { code, details } = error instanceof SmashError ? error : { code: undefined, details: undefined };
  send({
    kind: "error",
    message: String(error),
    code,
    // The cause may be anything, and may not be clonable.
    details: details && { rule: details.rule, found: details.found, fix: details.fix },
    stack: error instanceof Error ? error.stack : undefined,
  });
}
