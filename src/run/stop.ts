/** Ending a job early, on request. */

import { SmashError } from "../errors.js";

/** What a job throws after it saved a checkpoint because the user asked it to stop. */
export function interrupted(what: string): SmashError {
  return new SmashError("interrupted", {
    rule: "The run must reach its end.",
    found: `it was stopped ${what}; everything up to there is saved.`,
    fix: "run the same command again to go on from there.",
  });
}
