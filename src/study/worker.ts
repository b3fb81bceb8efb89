/** The thread that computes a study. */

import { serveThread } from "../run/index.js";
import { setThreads } from "../tensor/index.js";
import type { StudyEvent } from "./events.js";
import type { StudyJob } from "./request.js";
import { runStudy } from "./run-study.js";

await serveThread<StudyJob, StudyEvent>((job, context) => {
  setThreads(job.threads);
  return runStudy(job, context);
});
