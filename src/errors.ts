/**
 * The one error class of the project.
 *
 * Every message says the rule that was broken, the values that broke it, and what to do about it; `code` is for
 * programs, the message for people.
 */

/** What kind of error a `SmashError` is. */
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

/** The parts of a message: what must hold, what was found, what to do. */
export interface ErrorDetails {
  /** What must hold. */
  readonly rule: string;
  /** What was found instead, with the values. */
  readonly found: string;
  /** What the reader can do now. */
  readonly fix: string;
  readonly cause?: unknown;
}

/** What was found may be a whole file: a message is for reading. */
const longestPart = 1_000;

function shorten(text: string): string {
  if (text.length <= longestPart) return text;
  return `${text.slice(0, longestPart / 2)} … ${text.slice(-longestPart / 2)}`;
}

/** The value at this path in a value from outside, for an error that names it; undefined where there is none. */
export function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

/** A value from outside as JSON of at most `most` characters; what is not there is "nothing". */
export function describeValue(value: unknown, most = 60): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? "nothing";
  } catch {
    return "a value nested too deeply to show"; // the stack ends before it does
  }
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}

/** The one error that this library throws on purpose; `code` is for programs, the message for people. */
export class SmashError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails) {
    super(`${shorten(details.rule)} Found: ${shorten(details.found)} Fix: ${shorten(details.fix)}`, {
      cause: details.cause,
    });
    this.name = "SmashError";
    this.code = code;
    this.details = details;
  }
}

/** Whether `error` is one of ours, of this kind. */
export function isSmashError(error: unknown, code: ErrorCode): error is SmashError {
  return error instanceof SmashError && error.code === code;
}
