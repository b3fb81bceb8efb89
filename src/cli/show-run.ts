/** The events of a run on the progress display. */

import { formatPercent } from "../report/index.js";
import type { Phase, RunEvent } from "../run/index.js";
import type { Progress } from "./progress.js";

const labels: Record<Phase, string> = {
  hypernet: "HyperNet",
  surrogate: "surrogate",
  ranking: "ranking",
  "fine-tuning": "fine-tuning the best",
  finalists: "finalists",
  network: "training the network",
};

/** A listener for a job's events. */
export function showRun(progress: Progress): (event: RunEvent) => void {
  let best = Infinity;
  let tuned = 0;
  let lowest = Infinity;
  return (event) => {
    switch (event.type) {
      case "train":
      case "rank":
        return;
      case "phase":
        progress.start(labels[event.phase], event.total);
        tuned = event.done;
        progress.update(event.done);
        return;
      case "phase-done":
        progress.stop();
        return;
      case "hypernet-step":
      case "network-step":
      case "finalist-step":
      case "surrogate-step":
        progress.update(event.step);
        return;
      case "hypernet-validation":
        progress.update(
          event.step,
          `validation error ${formatPercent(event.error, 1)} with generated weights`,
        );
        return;
      case "network-epoch":
        progress.log(`epoch ${event.epoch}: validation error ${formatPercent(event.validationError)}`);
        return;
      case "fine-tuned":
        progress.update(++tuned);
        return;
      case "surrogate-network":
        progress.update(event.step, `last error ${formatPercent(event.error, 1)}, reduced`);
        return;
      case "finalist":
        // One that diverged has none.
        if (event.trial.trained!.validationError < lowest) lowest = event.trial.trained!.validationError;
        progress.update(event.step, `best ${formatPercent(lowest, 1)}`);
        return;
      case "trial":
        best = Math.min(best, event.trial.validationError);
        progress.update(event.trial.id + 1, `lowest SMASH error ${formatPercent(best, 1)}`);
    }
  };
}
