/**
 * The one error class of the project.
 *
 * Every message says the rule that was broken, the values that broke it, and what to do about it; `code` is for
 * programs, the message for people.
 */

export type ErrorCode =
  | "usage" // wrong flags, unknown names
  | "config" // a configuration or setting that cannot work
  | "architecture" // an architecture that is invalid or from a newer version
  | "data" // a data set that is missing, truncated or altered
  | "checkpoint" // a saved state that is missing, damaged or of another run
  | "shape" // tensors whose shapes, types or devices do not fit together
  | "diverged" // a loss that is not finite
  | "out-of-memory"
  | "disk-full"
  | "network" // a download that failed
  | "engine" // libtorch or the addon is missing or failed
  | "interrupted" // stopped by the user after a checkpoint was written
  | "internal";

export interface ErrorDetails {
  /** What must hold. */
  readonly rule: string;
  /** What was found instead, with the values. */
  readonly found: string;
  /** What the reader can do now. */
  readonly fix: string;
  readonly cause?: unknown;
}

export class SmashError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(`${details.rule} Found: ${details.found} Fix: ${details.fix}`, { cause: details.cause });
    this.name = "SmashError";
    this.code = code;
    this.details = details;
  }
}
