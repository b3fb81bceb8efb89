/** A long part of a run, told around its work. */

import type { JobContext, Phase } from "./events.js";

/** A phase, and how far it is when it begins. */
interface PhaseStart {
  readonly phase: Phase;
  readonly done: number;
  readonly total: number;
}

/** Tells of a phase around the work that is left of it; gives the seconds that took, 0 where nothing is left. */
export async function runPhase(
  start: PhaseStart,
  work: () => Promise<void>,
  { emit, now }: JobContext,
): Promise<number> {
  if (start.done >= start.total) return 0;
  const before = now();
  emit({ type: "phase", ...start });
  await work();
  const seconds = (now() - before) / 1000;
  emit({ type: "phase-done", phase: start.phase, seconds });
  return seconds;
}
