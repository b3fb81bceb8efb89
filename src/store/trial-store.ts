/** The trials of a run in SQLite: a trial is there as soon as `add` returns, whatever happens to the process. */

import Database from "libsql";
import type { Trial } from "../search/index.js";

interface Row {
  readonly id: number;
  readonly document: string;
}

export class TrialStore {
  readonly #database: Database.Database;

  constructor(path: string) {
    this.#database = new Database(path);
    this.#database.exec(
      "CREATE TABLE IF NOT EXISTS trials (id INTEGER PRIMARY KEY, origin TEXT NOT NULL, validation_error REAL, " +
        "validation_loss REAL, parameters INTEGER NOT NULL, flops INTEGER NOT NULL, document TEXT NOT NULL)",
    );
  }

  add(trial: Trial): void {
    const { id, origin, validationError, validationLoss, parameters, flops } = trial;
    this.#database
      .prepare("INSERT INTO trials VALUES (?, ?, ?, ?, ?, ?, ?)")
      .run(id, origin, validationError, validationLoss, parameters, flops, JSON.stringify(trial));
  }

  /** In the order of scoring. */
  list(): readonly Trial[] {
    const rows = this.#database.prepare("SELECT id, document FROM trials ORDER BY id").all() as Row[];
    return rows.map(({ document }) => JSON.parse(document) as Trial);
  }

  close(): void {
    this.#database.close();
  }
}
