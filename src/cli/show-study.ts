/** The events of a study on the progress display. */

import type { StudyEvent } from "../study/index.js";
import type { Progress } from "./progress.js";
import { showRun } from "./show-run.js";

/** A listener for a study's events. */
export function showStudy(progress: Progress): (event: StudyEvent) => void {
  const run = showRun(progress);
  return (event) => {
    if (event.type === "study-part") {
      progress.start(event.label, event.total);
      progress.update(event.done);
    } else if (event.type === "study-progress") {
      progress.update(event.done);
    } else {
      run(event);
    }
  };
}
