/**
 * How long each phase of a run took, from its log: the sum over all sittings, also those that were interrupted or killed.
 * A step that a kill undid was worked on twice, and counts twice.
 */

import type { LoggedEvent, Phase } from "./events.js";

interface Sitting {
  readonly phase: Phase;
  readonly from: number;
  to: number;
}

/** A killed sitting counts up to its last event; in logs without times, only sittings that ended a phase count. */
export function phaseSeconds(events: readonly LoggedEvent[]): Readonly<Record<Phase, number>> {
  const seconds = { hypernet: 0, surrogate: 0, ranking: 0, "fine-tuning": 0, finalists: 0, network: 0 };
  /** By their processes, which may work at the same time. */
  const sittings = new Map<number | undefined, Sitting>();
  const endSitting = (pid: number | undefined, measured?: number) => {
    const sitting = sittings.get(pid);
    // A clock that was set back must not make time.
    if (sitting) seconds[sitting.phase] += measured ?? Math.max(0, (sitting.to - sitting.from) / 1000);
    sittings.delete(pid);
  };
  for (const event of events) {
    const { pid } = event;
    const sitting = sittings.get(pid);
    if (event.type === "phase") {
      endSitting(pid);
      const at = event.at ?? 0;
      sittings.set(pid, { phase: event.phase, from: at, to: at });
    } else if (event.type === "train" || event.type === "rank") {
      // Another job, maybe days after the last one was killed.
      endSitting(pid);
    } else if (event.type === "phase-done") {
      endSitting(pid, event.seconds);
    } else if (sitting) {
      sitting.to = event.at ?? sitting.to;
    }
  }
  for (const pid of [...sittings.keys()]) endSitting(pid);
  return seconds;
}
