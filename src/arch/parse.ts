/**
 * Architectures from files: unknown JSON in, a checked `Architecture` out.
 *
 * The first thing that is wrong is reported; a file of a newer version is recognised before its fields are judged.
 */

import { valueAt } from "../errors.js";
import { architectureSchema, architectureVersion } from "./architecture.js";
import type { Architecture } from "./architecture.js";
import { explainIssue } from "./explain-issue.js";
import { invalid } from "./invalid.js";
import { validateArchitecture } from "./validate.js";

function checkVersion(json: unknown): void {
  const version = valueAt(json, ["version"]);
  if (typeof version !== "number" || version <= architectureVersion) return;
  throw invalid("version", {
    rule: `this program reads architectures up to version ${architectureVersion}.`,
    found: `version ${version}, written by a newer program.`,
    fix: "Update this program.",
  });
}

/** Checks parsed JSON and returns it as an architecture; throws a SmashError ("architecture") that names the field. */
export function parseArchitecture(json: unknown): Architecture {
  checkVersion(json);
  const result = architectureSchema.safeParse(json);
  if (!result.success) throw explainIssue(result.error.issues[0], architectureSchema, json);
  validateArchitecture(result.data);
  return result.data;
}
