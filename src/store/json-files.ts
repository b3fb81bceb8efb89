/** The JSON files of runs and studies: what is not there is undefined, what is damaged is named, a torn last line is none. */

import { readFile } from "node:fs/promises";
import { SmashError } from "../errors.js";
import { hasCode } from "../files.js";

/** The text of the file; undefined where there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
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
      return []; // torn by a kill; what it told is told again after resuming
    }
  });
}
