/** The events of fetching a data set on the progress display; for every command that may have to fetch one. */

import type { FetchEvent } from "../data/index.js";
import type { Progress } from "./progress.js";

/** A listener for `FetchOptions.onProgress`; whoever makes it stops the progress when the data set is there. */
export function showFetch(progress: Progress): (event: FetchEvent) => void {
  let stage = "";
  const enter = (next: string) => {
    const isNew = next !== stage;
    stage = next;
    return isNew;
  };
  return (event) => {
    switch (event.kind) {
      case "source":
        if (enter("")) progress.stop();
        progress.log(`${event.dataset}: from ${event.from}`);
        return;
      case "source-failed":
        if (enter("")) progress.stop();
        progress.log(`${event.dataset}: ${event.from} did not work: ${event.reason}`);
        return;
      case "progress": {
        const { dataset, step, unit, done, total } = event;
        if (enter(`${dataset} ${step} ${unit} ${total}`)) {
          progress.start(`${dataset} ${step} (${unit})`, total ?? Infinity);
        }
        progress.update(done);
      }
    }
  };
}
