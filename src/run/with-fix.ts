/** Errors that end a job, told with what the job has found by then. */

import { SmashError } from "../errors.js";

/** The same error with another advice; what is no `SmashError` stays as it is. */
export function withFix(error: unknown, change: (fix: string) => string): unknown {
  if (!(error instanceof SmashError)) return error;
  const { rule, found, fix } = error.details;
  return new SmashError(error.code, { rule, found, fix: change(fix), cause: error });
}
