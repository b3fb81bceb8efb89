/** Everything a run tells; the command line, the event log and later a page read the same events. */

import type { FineTunedEvent, TrialEvent } from "../rank/index.js";
import type { HyperNetEvent, NetworkEvent } from "../train/index.js";
import type { ThreadContext } from "./thread.js";

/** The long parts of a run. */
export type Phase = "hypernet" | "ranking" | "fine-tuning" | "network";

/** What a job tells while it runs; `type` tells which. */
export type RunEvent =
  | HyperNetEvent
  | NetworkEvent
  | TrialEvent
  | FineTunedEvent
  /** A phase begins, or goes on after `done` of `total` steps or trials. */
  | { readonly type: "phase"; readonly phase: Phase; readonly done: number; readonly total: number }
  /** A phase is over; seconds of this sitting. */
  | { readonly type: "phase-done"; readonly phase: Phase; readonly seconds: number };

/** An event as a run's log holds it. */
export type LoggedEvent = RunEvent & {
  /** Milliseconds since 1970; logs of older versions are without it. */
  readonly at?: number;
};

/** What a job needs from whoever runs it. */
export type JobContext = ThreadContext<RunEvent>;
