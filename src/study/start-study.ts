/** Starts a study in a thread of its own. */

import { runInThread, type ThreadOptions } from "../run/index.js";
import type { StudyEvent } from "./events.js";
import type { StudyJob } from "./request.js";
import type { StudyResult } from "./result.js";

/** Runs a study to its end in a thread of its own. */
export function startStudy(job: StudyJob, options: ThreadOptions<StudyEvent> = {}): Promise<StudyResult> {
  return runInThread(new URL("./worker.js", import.meta.url), job, options);
}
