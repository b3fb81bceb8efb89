/** Ending a job early, on request. */

import { SmashError } from "../errors.js";

/**
 * What a job throws after it saved a checkpoint because the user asked it to stop; `startsAgain` where the last piece of
 * work is too small to be saved half done.
 */
export function interrupted(
  what: string,
  { startsAgain = false }: { readonly startsAgain?: boolean } = {},
): SmashError {
  const saved = startsAgain ? "that starts again, and everything before it" : "everything up to there";
  return new SmashError("interrupted", {
    rule: "The run must reach its end.",
    found: `it was stopped ${what}; ${saved} is saved.`,
    fix: "run the same command again to go on from there.",
  });
}
