/**
 * One process at a time trains the HyperNet of a run and scores for it, trains one network, or measures for a study: two
 * would take each other's results for their own.
 */

import { open } from "node:fs/promises";
import { join } from "node:path";
import Database from "libsql";
import { SmashError } from "../errors.js";
import { hasCode, makeFolder, writingBelow } from "../files.js";

/** A folder that one process works in. */
export interface LockedFolder {
  /** Made where it is not there. */
  readonly path: string;
  readonly holds: "run" | "study" | "training";
  /** Of the lock's file: a folder may have several, of trainings that do not meet. Default: "lock". */
  readonly name?: string;
}

/**
 * Does `work` while no other process does any in the folder. The lock is SQLite's on its file `lock`, which the system
 * frees however the process ends; whoever only reads needs none. Throws `SmashError("usage")` where the folder is in use,
 * `config` where it cannot be written to.
 */
export async function withFolderLock<Result>(
  { path, holds, name = "lock" }: LockedFolder,
  work: () => Promise<Result>,
): Promise<Result> {
  const file = join(path, name);
  // SQLite says of a file that it cannot make only that it cannot.
  await writingBelow(path, async () => {
    await makeFolder(path);
    await (await open(file, "a")).close();
  });
  const database = new Database(file);
  try {
    try {
      database.exec("BEGIN EXCLUSIVE");
    } catch (cause) {
      if (!hasCode(cause, "SQLITE_BUSY")) throw cause;
      throw new SmashError("usage", {
        rule: `One process at a time works on a ${holds}.`,
        found: `another one that works in ${path} (${name}).`,
        fix: "wait for it or stop it, or use another --out.",
        cause,
      });
    }
    return await work();
  } finally {
    database.close();
  }
}
