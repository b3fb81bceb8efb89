/** One process at a time trains the HyperNet of a run and scores for it: two would take each other's trials for their own. */

import { join } from "node:path";
import Database from "libsql";
import { SmashError } from "../errors.js";
import { hasCode } from "../files.js";

/**
 * Does `work` while no other process does any for the run in `folder`. The lock is SQLite's on RUN/lock, which the system
 * frees however the process ends; whoever only reads needs none. Throws `SmashError("usage")` where the run is in use.
 */
export async function withRunLock<Result>(folder: string, work: () => Promise<Result>): Promise<Result> {
  const database = new Database(join(folder, "lock"));
  try {
    try {
      database.exec("BEGIN EXCLUSIVE");
    } catch (cause) {
      if (!hasCode(cause, "SQLITE_BUSY")) throw cause;
      throw new SmashError("usage", {
        rule: "One process at a time works on a run.",
        found: `another one that searches or ranks in ${folder}.`,
        fix: "wait for it or stop it, or use another --out.",
        cause,
      });
    }
    return await work();
  } finally {
    database.close();
  }
}
