/** The errors of architectures and of settings of their spaces. */

import { SmashError } from "../errors.js";
import type { ErrorDetails } from "../errors.js";

/** What is wrong with an architecture; the rule is led by the path of the field, `blocks[0].layers[2].reads`, say. */
export function invalid(path: string, details: ErrorDetails): SmashError {
  return new SmashError("architecture", {
    ...details,
    rule: path ? `${path}: ${details.rule}` : details.rule,
  });
}

/** Throws what `invalid` gives unless the condition holds. */
export function requireThat(condition: boolean, path: string, details: ErrorDetails): asserts condition {
  if (!condition) throw invalid(path, details);
}

/** Throws a SmashError ("config"): no architecture of a space with these settings can be built. */
export function rejectSettings(rule: string, found: string, fix: string): never {
  throw new SmashError("config", { rule, found, fix });
}
