/** The events of a study on the progress display. */

import type { StudyEvent } from "../study/index.js";
import type { Progress } from "./progress.js";
import { showRun } from "./show-run.js";

/** A listener for a study's events. */
export function showStudy(progress: Progress): (event: StudyEvent) => void {
  const run = showRun(progress);
  return (event) => {
    switch (event.type) {
      case "study-part":
        progress.start(event.label, event.total);
        progress.update(event.done);
        return;
      case "study-progress":
        progress.update(event.done);
        return;
      default:
        run(event);
    }
  };
}
