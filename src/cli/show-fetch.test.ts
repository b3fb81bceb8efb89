import { expect, it } from "vitest";
import type { Progress } from "./progress.js";
import { showFetch } from "./show-fetch.js";

function record(): { readonly progress: Progress; readonly calls: string[] } {
  const calls: string[] = [];
  const progress: Progress = {
    start: (label, total) => calls.push(`start ${label} ${total}`),
    update: (done) => calls.push(`update ${done}`),
    stop: () => calls.push("stop"),
    log: (line) => calls.push(`log ${line}`),
  };
  return { progress, calls };
}

it("a source that fails is said, and the next one has a bar of its own", () => {
  const { progress, calls } = record();
  const show = showFetch(progress);
  const bytes = { kind: "progress", dataset: "mnist", step: "download", unit: "bytes" } as const;
  show({ kind: "source", dataset: "mnist", from: "A" });
  show({ ...bytes, done: 10, total: 100 });
  show({ ...bytes, done: 20, total: 100 });
  show({ kind: "source-failed", dataset: "mnist", from: "A", reason: "it is gone." });
  show({ kind: "source", dataset: "mnist", from: "B" });
  show({ ...bytes, done: 5, total: undefined });
  show({ ...bytes, step: "convert", unit: "files", done: 1, total: 4 });
  expect(calls).toEqual([
    "log mnist: from A",
    "start mnist download (bytes) 100",
    "update 10",
    "update 20",
    "stop",
    "log mnist: A did not work: it is gone.",
    "log mnist: from B",
    "start mnist download (bytes) Infinity",
    "update 5",
    "start mnist convert (files) 4",
    "update 1",
  ]);
});
