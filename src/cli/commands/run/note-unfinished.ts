/** A network that is not trained to its end works like any other: only a word tells it apart. */

import type { Unfinished } from "../../../run/index.js";
import type { Progress } from "../../progress.js";

/** Nothing for a network whose training came to its end. */
export function noteUnfinished(
  progress: Progress,
  { checkpoint, unfinished }: { readonly checkpoint: string; readonly unfinished: Unfinished | undefined },
): void {
  if (!unfinished) return;
  const { step, steps } = unfinished;
  progress.log(
    `${checkpoint} is of step ${step} of ${steps}: its training was stopped; the same smash train goes on`,
  );
}
