/** Where data sets lie when nobody says otherwise. */

import { resolve } from "node:path";
import envPaths from "env-paths";

/** Where data sets lie by default: the folder in SMASH_DATA, or this user's cache folder as the platform has it (~/.cache/smash on Linux). */
export function defaultDataDir(environment: NodeJS.ProcessEnv = process.env): string {
  const chosen = environment["SMASH_DATA"];
  return chosen ? resolve(chosen) : envPaths("smash", { suffix: "" }).cache;
}
