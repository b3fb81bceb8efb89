/** The trials of a run in SQLite: a trial is there as soon as `add` returns, whatever happens to the process. */

import { existsSync } from "node:fs";
import Database from "libsql";
import { SmashError } from "../errors.js";
import { hasCode } from "../files.js";
import type { Trial } from "../search/index.js";

interface Row {
  readonly document: string;
}

/** A report may read while a search writes: one waits for the other so many milliseconds, which take a moment each. */
const patience = 5_000;

/** The trials of a run; close it after use. */
export class TrialStore {
  readonly #path: string;
  readonly #database: Database.Database;

  constructor(path: string) {
    this.#path = path;
    this.#database = this.#working(() => openDatabase(path));
  }

  /** Throws `SmashError("disk-full")` where there is no room for it. */
  add(trial: Trial): void {
    const { id, origin, validationError, validationLoss, parameters, flops } = trial;
    this.#working(() =>
      this.#database
        .prepare("INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, ?)")
        .run(id, origin, validationError, validationLoss, parameters, flops, JSON.stringify(trial)),
    );
  }

  /** Puts a trial in the place of the one with its id; its columns stay, of which none changes. */
  replace(trial: Trial): void {
    this.#working(() =>
      this.#database
        .prepare("UPDATE trials SET document = ? WHERE id = ?")
        .run(JSON.stringify(trial), trial.id),
    );
  }

  /** In the order of scoring. Throws `SmashError("config")` where the file is damaged, as all others do. */
  list(): readonly Trial[] {
    return this.#working(() => {
      const rows = this.#database.prepare("SELECT document FROM trials ORDER BY id").all() as Row[];
      return rows.map(({ document }) => JSON.parse(document) as Trial);
    });
  }

  /** Frees the file; the store must not be used afterwards. */
  close(): void {
    this.#database.close();
  }

  #working<T>(work: () => T): T {
    try {
      return work();
    } catch (cause) {
      if (hasCode(cause, "SQLITE_CORRUPT", "SQLITE_NOTADB")) {
        throw new SmashError("config", {
          rule: `${this.#path} must be the whole database of a run's trials.`,
          found: `${String(cause)}.`,
          fix: "restore the file, or move it away and run smash search with the same settings and --out: the HyperNet stays, and its trials are scored anew.",
          cause,
        });
      }
      if (hasCode(cause, "SQLITE_BUSY")) {
        throw new SmashError("usage", {
          rule: `${this.#path} must be free within ${patience / 1000} s.`,
          found: "another program that reads it, or writes to it.",
          fix: "wait for that or stop it, and run the same command again.",
          cause,
        });
      }
      // A limit on a file's size comes as a failed write.
      if (!hasCode(cause, "SQLITE_FULL", "SQLITE_IOERR_WRITE")) throw cause;
      throw new SmashError("disk-full", {
        rule: `The disk must have room for the trials in ${this.#path}.`,
        found: `${String(cause)}.`,
        fix: "free some space and run the same command again; it goes on from the last trial.",
        cause,
      });
    }
  }
}

/** With its table, which is made where it is not there. */
function openDatabase(path: string): Database.Database {
  const database = new Database(path, { timeout: patience });
  try {
    database.exec(
      "CREATE TABLE IF NOT EXISTS trials (id INTEGER PRIMARY KEY, origin TEXT NOT NULL, validation_error REAL, " +
        "validation_loss REAL, parameters INTEGER NOT NULL, flops INTEGER NOT NULL, document TEXT NOT NULL)",
    );
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The trials of a store that is opened for nothing else, in the order of scoring; none, and none made, where there is no file. */
export function readTrials(path: string): readonly Trial[] {
  if (!existsSync(path)) return [];
  const store = new TrialStore(path);
  try {
    return store.list();
  } finally {
    store.close();
  }
}
