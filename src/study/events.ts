/** What a study tells while it runs. */

import type { RunEvent, ThreadContext } from "../run/index.js";

/** What a study tells while it runs. */
export type StudyEvent =
  | RunEvent
  /** A part of the study begins, or goes on after `done` of `total` architectures. */
  | { readonly type: "study-part"; readonly label: string; readonly done: number; readonly total: number }
  | { readonly type: "study-progress"; readonly done: number };

export type StudyContext = ThreadContext<StudyEvent>;
