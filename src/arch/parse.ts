/**
 * Architectures from files: unknown JSON in, a checked `Architecture` out.
 *
 * The first thing that is wrong is reported; a file of a newer version is recognised before its fields are judged.
 */

import { architectureSchema, architectureVersion } from "./architecture.js";
import type { MemoryBankArchitecture } from "./architecture.js";
import { explainIssue } from "./explain-issue.js";
import { checkVersion } from "./invalid.js";
import { validateArchitecture } from "./validate.js";

/** Checks parsed JSON and returns it as an architecture; throws a SmashError ("architecture") that names the field. */
export function parseMemoryBanks(json: unknown): MemoryBankArchitecture {
  checkVersion(json, architectureVersion);
  const result = architectureSchema.safeParse(json);
  if (!result.success) throw explainIssue(result.error.issues[0], architectureSchema, json);
  validateArchitecture(result.data);
  return result.data;
}
