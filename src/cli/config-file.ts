/** Configurations as files: what `--config` names. */

import { readFile } from "node:fs/promises";
import { SmashError } from "../errors.js";

/** Settings to change, nested as in config.json; the config.json of a run, which also says what wrote it, is such a file. */
export async function readConfigFile(path: string): Promise<unknown> {
  const config = await readJson(path);
  if (typeof config !== "object" || config === null) return config;
  return Object.fromEntries(Object.entries(config).filter(([key]) => key !== "versions"));
}

/** Throws `SmashError("usage")`. */
export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch (cause) {
    throw new SmashError("usage", {
      rule: `${path} must be a readable JSON file.`,
      found: `${String(cause)}.`,
      fix: "correct the path or the file.",
      cause,
    });
  }
}
