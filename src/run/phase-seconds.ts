/**
 * How long each phase of a run took, from its log: the sum over all sittings, also those that were interrupted or killed.
 * A step that a kill undid was worked on twice, and counts twice.
 */

import type { LoggedEvent, Phase } from "./events.js";

/** A killed sitting counts up to its last event; in logs without times, only sittings that ended a phase count. */
export function phaseSeconds(events: readonly LoggedEvent[]): Readonly<Record<Phase, number>> {
  const seconds = { hypernet: 0, surrogate: 0, ranking: 0, "fine-tuning": 0, finalists: 0, network: 0 };
  let sitting: { readonly phase: Phase; readonly from: number; to: number } | undefined;
  const endSitting = (measured?: number) => {
    // A clock that was set back must not make time.
    if (sitting) seconds[sitting.phase] += measured ?? Math.max(0, (sitting.to - sitting.from) / 1000);
    sitting = undefined;
  };
  for (const event of events) {
    if (event.type === "phase") {
      endSitting();
      const at = event.at ?? 0;
      sitting = { phase: event.phase, from: at, to: at };
    } else if (event.type === "train" || event.type === "rank") {
      // Another job, maybe days after the last one was killed.
      endSitting();
    } else if (event.type === "phase-done") {
      endSitting(event.seconds);
    } else if (sitting) {
      sitting.to = event.at ?? sitting.to;
    }
  }
  endSitting();
  return seconds;
}
