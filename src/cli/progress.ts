/** How far long work is, on stderr: a bar on a terminal, lines elsewhere, nothing with --quiet. */

import { LineProgress } from "./line-progress.js";
import { silentProgress } from "./silent-progress.js";
import { TerminalProgress } from "./terminal-progress.js";

/** One stage at a time; a new one ends the one before. */
export interface Progress {
  /** Begins a stage of `total` steps, bytes or files; Infinity when nobody knows how many. */
  start(label: string, total: number): void;
  /** `done` counts from the stage's beginning, what an earlier run did included; `note` stays until the next one. */
  update(done: number, note?: string): void;
  /** Ends the stage; without one nothing happens. */
  stop(): void;
  /** A line for the reader, above the bar. */
  log(line: string): void;
}

export type ProgressStream = NodeJS.WritableStream & {
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
};

export interface ProgressOptions {
  readonly quiet: boolean;
  readonly stream: ProgressStream;
  /** The kind of terminal, TERM. */
  readonly term?: string | undefined;
  /** The time in milliseconds, from any origin. */
  readonly now: () => number;
}

export function createProgress({ quiet, stream, term, now }: ProgressOptions): Progress {
  if (quiet) return silentProgress;
  // A dumb terminal, an editor's shell, say, shows what would move its cursor as text.
  return stream.isTTY === true && term !== "dumb"
    ? new TerminalProgress({ stream, now })
    : new LineProgress({ stream, now });
}
