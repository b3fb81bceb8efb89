/** The error of an invalid architecture: the same three parts as every error, led by the field's path. */

import { SmashError } from "../errors.js";
import type { ErrorDetails } from "../errors.js";

/** What is wrong with an architecture; the rule is led by the path of the field, `blocks[0].layers[2].reads`, say. */
export function invalid(path: string, details: ErrorDetails): SmashError {
  return new SmashError("architecture", {
    ...details,
    rule: path ? `${path}: ${details.rule}` : details.rule,
  });
}

/** Throws unless the condition holds. */
export function requireThat(condition: boolean, path: string, details: ErrorDetails): asserts condition {
  if (!condition) throw invalid(path, details);
}
