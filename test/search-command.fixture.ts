/** What tests of the built command line share: a search that takes seconds, and how to end one at a moment. */

import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll } from "vitest";
import { killRunning } from "../src/cli/built-cli.fixture.js";

/** A folder for a test file's runs, which goes when its tests are over, and with it what still writes to it. */
export function temporaryFolder(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `smash-${name}-`));
  afterAll(async () => {
    await killRunning();
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** With one thread: tests run beside each other, and two threads of each took a fifth longer. */
export const searchArgs = (out: string, ...more: string[]) => [
  ...["search", "--data", "synthetic", "--preset", "tiny", "--threads", "1", "--json", "--out", out],
  ...more,
];

/** The parts of a search document that do not name the folder. */
export function results(stdout: string): unknown {
  const { hypernet, ranking, best } = JSON.parse(stdout) as Record<string, unknown>;
  return { hypernet, ranking, best };
}

export async function waitFor(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition() && waited < 20_000; waited += 5) await sleep(5);
}

/** How many events the run has told so far; of one type, where it is given. */
export function countEvents(run: string, type?: string): number {
  const path = join(run, "events.jsonl");
  const mark = type === undefined ? "\n" : `"type":"${type}"`;
  return existsSync(path) ? readFileSync(path, "utf8").split(mark).length - 1 : 0;
}
