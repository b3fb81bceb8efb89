/** The errors of architectures and of settings of their spaces. */

import { SmashError, valueAt } from "../errors.js";
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

/** Throws what `invalid` gives for an architecture, as JSON, of a newer version than `newest`. */
export function checkVersion(json: unknown, newest: number): void {
  const version = valueAt(json, ["version"]);
  if (typeof version !== "number" || version <= newest) return;
  throw invalid("version", {
    rule: `this program reads architectures up to version ${newest}.`,
    found: `version ${version}, written by a newer program.`,
    fix: "Update this program.",
  });
}

/** What to throw for an architecture that is none of the space of this name. */
export function ofOtherSpace(name: string, { space }: { readonly space: string }): SmashError {
  return invalid("space", {
    rule: `is "${name}" in this space.`,
    found: `"${space}".`,
    fix: "use the settings this architecture was made with.",
  });
}

/** Throws a SmashError ("config"): no architecture of a space with these settings can be built. */
export function rejectSettings(rule: string, found: string, fix: string): never {
  throw new SmashError("config", { rule, found, fix });
}
