import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import Database from "libsql";
import { expect, it } from "vitest";
import { fakeHistory, spaceOf } from "../search/history.fixture.js";
import { readTrials, TrialStore } from "./trial-store.js";

it.runIf(existsSync("/dev/full"))("a full disk is told with the file, and what to do", () => {
  expect(() => new TrialStore("/dev/full")).toThrow(
    expect.objectContaining({ code: "disk-full", message: expect.stringContaining("/dev/full") as string }),
  );
});

it("reading makes no file: a run on a disk that is read-only has no trials where it has none", () => {
  const folder = mkdtempSync(join(tmpdir(), "smash-no-trials-"));
  expect(readTrials(join(folder, "trials.sqlite"))).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
  rmSync(folder, { recursive: true });
});

it("a damaged file is told with its path, and that its trials can be had again", () => {
  const folder = mkdtempSync(join(tmpdir(), "smash-damaged-"));
  const whole = join(folder, "whole.sqlite");
  const store = new TrialStore(whole);
  for (const trial of fakeHistory(spaceOf("tiny"), { seed: 1, count: 20 })) store.add(trial);
  store.close();
  const path = join(folder, "trials.sqlite");
  for (const bytes of [readFileSync(whole).subarray(0, 5000), Buffer.alloc(3000, "noise")]) {
    writeFileSync(path, bytes);
    expect(() => new TrialStore(path).list()).toThrow(
      expect.objectContaining({ code: "config", message: expect.stringContaining(path) as string }),
    );
  }
  rmSync(folder, { recursive: true });
});

it("a program that reads makes a search wait, not fail; one that never ends is told", async () => {
  const folder = mkdtempSync(join(tmpdir(), "smash-busy-"));
  const path = join(folder, "trials.sqlite");
  const store = new TrialStore(path);
  const [one, other] = fakeHistory(spaceOf("tiny"), { seed: 1, count: 2 });
  store.add(one);
  // The store waits without a turn of this thread's loop.
  const reader = new Worker(
    `const { workerData, parentPort } = require("node:worker_threads");
     const database = new (require("libsql"))(workerData.path);
     const read = (milliseconds) => {
       database.exec("BEGIN");
       database.prepare("SELECT * FROM trials").all();
       parentPort.postMessage("reads");
       setTimeout(() => database.exec("COMMIT"), milliseconds);
     };
     read(300);
     parentPort.on("message", () => read(20_000));`,
    { eval: true, workerData: { path } },
  );
  await once(reader, "message");
  store.add(other);
  expect(store.list()).toEqual([one, other]);
  reader.postMessage("again");
  await once(reader, "message");
  expect(() => store.replace(other)).toThrow("must be free within 5 s");
  await reader.terminate();
  store.close();
  rmSync(folder, { recursive: true });
}, 30_000);

it("a trial comes back as it was, with its latency where it was measured", () => {
  const folder = mkdtempSync(join(tmpdir(), "smash-trials-"));
  const path = join(folder, "trials.sqlite");
  const [one, other] = fakeHistory(spaceOf("tiny"), { seed: 1, count: 2 });
  const trials = [one, { ...other, origin: "nsga2", latencyMs: 1.25 } as const];
  const store = new TrialStore(path);
  for (const trial of trials) store.add(trial);
  store.close();
  const again = new TrialStore(path);
  expect(again.list()).toEqual(trials);
  const tuned = { ...one, fineTuned: { validationError: 0.25, validationLoss: 0.75 } };
  again.replace(tuned);
  expect(again.list()).toEqual([tuned, trials[1]]);
  again.close();
  rmSync(folder, { recursive: true });
});

it("trials are in the order of their numbers, each number once, and their columns are what they are called", () => {
  const folder = mkdtempSync(join(tmpdir(), "smash-columns-"));
  const path = join(folder, "trials.sqlite");
  const store = new TrialStore(path);
  const trials = fakeHistory(spaceOf("tiny"), { seed: 1, count: 3 });
  for (const index of [2, 0, 1]) store.add(trials[index]);
  expect(store.list()).toEqual(trials);
  expect(() => store.add(trials[1])).toThrow("UNIQUE");
  store.close();
  const database = new Database(path);
  const rows = database.prepare("SELECT * FROM trials ORDER BY id").all();
  database.close();
  rmSync(folder, { recursive: true });
  expect(rows).toEqual(
    trials.map((trial) => ({
      ...{ id: trial.id, origin: trial.origin, parameters: trial.parameters, flops: trial.flops },
      ...{ validation_error: trial.validationError, validation_loss: trial.validationLoss },
      document: JSON.stringify(trial),
    })),
  );
});
