/**
 * While a network trains, the main thread stays free for progress, Ctrl-C and a page. Measured for a job in its worker
 * and, to show that the measurement would notice, for the same job on this thread.
 */

import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { builtModule } from "../src/cli/built-cli.fixture.js";
import { resolveConfig } from "../src/config/index.js";
import { loadDataset } from "../src/data/index.js";
import { runSearch } from "../src/run/search-job.js";
import type * as Run from "../src/run/index.js";
import { RunFolder } from "../src/store/index.js";
import { setThreads } from "../src/tensor/index.js";
import { temporaryFolder } from "./search-command.fixture.js";

// The built one, because a worker starts from a file that Node can run.
const { startJob } = (await import(builtModule("../run/index.js"))) as typeof Run;

const folder = temporaryFolder("event-loop");

/** Some seconds of training; between two checkpoints it never lets go of its thread. */
const config = resolveConfig({
  preset: "tiny",
  overrides: {
    hypernetTraining: { batchSize: 100, checkpointEvery: 20 },
    ranking: { counts: { random: 2, perturb: 0, chain: 0 } },
  },
  dataset: { name: "synthetic", channels: 3, size: 32, classes: 10 },
  seed: 0,
  device: "cpu",
  threads: 2,
  precision: "fp32",
});

/** The 99th percentile of this thread's delays, milliseconds, while `work` runs in the run folder it is given. */
async function measureDelay(name: string, work: (run: string) => Promise<unknown>): Promise<number> {
  const run = join(folder, name);
  await new RunFolder(run).open(config, { smash: "0", node: "0", libtorch: "0" });
  const delays = monitorEventLoopDelay({ resolution: 5 });
  delays.enable();
  await work(run);
  // The last delay is recorded by a timer whose turn may still be to come.
  await sleep(20);
  delays.disable();
  return delays.percentile(99) / 1e6;
}

const place = { dataset: "synthetic", dataDir: folder, threads: 2 } as const;

// Not the longest delay: on a machine that others use too, any process is now and then kept from running for longer than
// this, whatever it does; but not in one of a hundred turns.
it("the main thread waits less than 50 ms, 99 times of 100, while a job trains", async () => {
  let steps = 0;
  const delay = await measureDelay("worker", (run) =>
    startJob(
      { kind: "search", run, config, ...place },
      { onEvent: ({ type }) => void (type === "hypernet-step" && steps++) },
    ),
  );
  expect(steps).toBe(config.hypernetTraining.steps);
  expect(delay).toBeLessThan(50);
});

it("the same job on the main thread would be noticed", async () => {
  const delay = await measureDelay("here", async (run) => {
    setThreads(place.threads);
    const dataset = await loadDataset(place.dataset, place);
    const job = { folder: new RunFolder(run), config, dataset };
    await runSearch(job, { emit: () => undefined, shouldStop: () => false, now: () => 0 });
  });
  expect(delay).toBeGreaterThan(50);
});
