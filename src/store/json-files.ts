/** The JSON files of runs and studies: what is not there is undefined, what is damaged is named, a torn line is none. */

import { appendFileSync, closeSync, fstatSync, openSync, readSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { SmashError } from "../errors.js";
import { hasCode, isDiskFull } from "../files.js";

/** The text of the file; undefined where there is none. Throws `SmashError("config")` for one that cannot be read. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    if (!hasCode(error, "EISDIR", "EACCES", "EPERM")) throw error;
    throw new SmashError("config", {
      rule: `${path} must be a file that this user can read.`,
      found: hasCode(error, "EISDIR") ? "a folder." : `${String(error)}.`,
      fix: "restore the file or its permissions, or start anew with another --out.",
      cause: error,
    });
  }
}

/** What `parse` gives; its `SmashError` names the file. */
export function inFile<Value>(path: string, parse: () => Value): Value {
  try {
    return parse();
  } catch (error) {
    if (!(error instanceof SmashError)) throw error;
    const { rule, found, fix } = error.details;
    throw new SmashError(error.code, { rule: `${path}: ${rule}`, found, fix, cause: error });
  }
}

/** Throws `SmashError("config")` that names the file. */
export function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SmashError("config", {
      rule: `${path} must be JSON.`,
      found: `${String(cause)}.`,
      fix: "restore the file, or start anew with another --out.",
      cause,
    });
  }
}

/** All whole lines of a file of one document a line, oldest first; none where there is no file. */
export async function readJsonLines(path: string): Promise<readonly unknown[]> {
  const text = (await readIfThere(path)) ?? "";
  return text.split("\n").flatMap((line) => {
    try {
      return line === "" ? [] : [JSON.parse(line) as unknown];
    } catch {
      return []; // torn by a power cut or a full disk; what it told is told again after resuming
    }
  });
}

/**
 * Appends a document as a line of its own; a line is lost at most when the machine stops in the middle of it. Throws
 * `SmashError("disk-full")`, or `config` for a file that cannot be written to.
 */
export function appendLine(path: string, document: object): void {
  try {
    const file = openSync(path, "a+");
    try {
      // A torn line would take the next one with it.
      const start = hasTornLine(file) ? "\n" : "";
      appendFileSync(file, `${start}${JSON.stringify(document)}\n`);
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw new SmashError(isDiskFull(cause) ? "disk-full" : "config", {
      rule: `${path} must be writable, and the disk must have room for it.`,
      found: `${String(cause)}.`,
      fix: "free some space or permissions and run the same command again; it goes on from what is saved.",
      cause,
    });
  }
}

/** Whether the file ends in the middle of a line. Reads one byte: events come by the step. */
function hasTornLine(file: number): boolean {
  const { size } = fstatSync(file);
  const last = Buffer.alloc(1);
  return size > 0 && readSync(file, last, 0, 1, size - 1) === 1 && last.toString() !== "\n";
}
