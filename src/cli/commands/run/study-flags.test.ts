import { expect, it } from "vitest";
import type { StudyName } from "../../../study/index.js";
import type { StudyFlags } from "../study.js";
import { checkStudyFlags } from "./study-flags.js";

/** As commander gives them: the defaults, and what was written. */
function check(study: StudyName, written: Partial<StudyFlags>): void {
  const flags = { data: "cifar10", preset: "demo", samples: 100, seeds: 2, ...written };
  checkStudyFlags(study, flags, new Set(Object.keys(written)));
}

const table = "cells.csv";
const truths = "runs/correlation";

it.each<[StudyName, Partial<StudyFlags>, string]>([
  ["correlation", { table, samples: 50 }, "the table's: none is sampled or trained. Found: --samples 50."],
  ["correlation", { table, seeds: 1, epochs: 3 }, "Found: --seeds 1, --epochs 3. Fix: leave them out."],
  ["seeds", { table, seeds: 3, epochs: 3 }, "Found: --epochs 3. Fix: leave it out."],
  ["correlation", { table, truths }, "Found: --truths runs/correlation."],
  ["correlation", { truths, seeds: 3 }, "an earlier study's. Found: --seeds 3."],
  ["correlation", { truths, epochs: 3 }, "an earlier study's. Found: --epochs 3."],
  ["gradient", { by: "loss", seeds: 3, epochs: 1 }, "Found: --by loss, --seeds 3, --epochs 1."],
  ["gradient", { proxies: "flops", truths }, "Found: --truths runs/correlation, --proxies flops."],
  ["gradient", { fineTuned: true }, "as they are: it trains no network and ranks none. Found: --fine-tuned."],
  ["corrupt", { moves: 3 }, "Found: --moves 3."],
  ["seeds", { seeds: 1 }, "several seeds. Found: --seeds 1."],
])("the study %s refuses %j, which it would ignore", (study, written, message) => {
  expect(() => check(study, written)).toThrow(expect.objectContaining({ code: "usage" }));
  expect(() => check(study, written)).toThrow(message);
});

it.each<[StudyName, Partial<StudyFlags>]>([
  ["nas-bench-201", { table, limit: 100, by: "loss+naswot" }],
  ["seeds", { truths, seeds: 3 }],
  ["correlation", { truths, samples: 50, fineTuned: true }],
  ["correlation", { samples: 50, seeds: 1, epochs: 3, proxies: "flops" }],
  ["gradient", { samples: 50, moves: 3, candidates: 8, images: 100 }],
  ["transfer", { to: "mnist", samples: 50, seeds: 1 }],
])("the study %s takes %j, and defaults beside them are not minded", (study, written) => {
  expect(() => check(study, written)).not.toThrow();
});
