/** The "did you mean" of error messages. */

import { createRequire } from "node:module";
import type * as Levenshtein from "fastest-levenshtein";
import { SmashError } from "./errors.js";

/** A longer way than this share of the longer name is another word, not a slip of the fingers. */
const mostDifferent = 0.4;

/** The known name closest to a mistyped one, upper and lower case alike, or undefined if none is close. */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  // At the first mistake: whoever types no wrong name need not wait for it.
  const { distance } = createRequire(import.meta.url)("fastest-levenshtein") as typeof Levenshtein;
  let nearest: string | undefined;
  let least = Infinity;
  for (const candidate of known) {
    const steps = distance(name.toLowerCase(), candidate.toLowerCase());
    if (steps < least && steps <= mostDifferent * Math.max(name.length, candidate.length)) {
      nearest = candidate;
      least = steps;
    }
  }
  return nearest;
}

/** What to throw for a name that is none of the known ones; `what` begins the sentence. */
export function unknownName(what: string, name: string, known: readonly string[]): SmashError {
  const nearest = nearestName(name, known);
  return new SmashError("usage", {
    rule: `${what} must be a known one.`,
    found: `"${name}".`,
    fix: `${nearest ? `did you mean "${nearest}"? Otherwise ` : ""}use one of ${known.join(", ")}.`,
  });
}
