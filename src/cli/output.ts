/** What a command gives back, and the only place that writes to stdout. */

import type { SmashError } from "../errors.js";

export interface CommandResult {
  /** The document of `--json`; numbers that are not finite become null. */
  readonly json: unknown;
  /** The same for people. */
  readonly text: string;
  /** A result worth printing that is a failure all the same, a damaged data set, say: it sets the exit code. */
  readonly failure?: SmashError | undefined;
}

/** Prints the document on one line, or the text. */
export function printResult({ json, text }: CommandResult, options: { readonly json: boolean }): void {
  const output = options.json ? JSON.stringify(json) : text.trimEnd();
  if (output !== "") process.stdout.write(`${output}\n`);
}
