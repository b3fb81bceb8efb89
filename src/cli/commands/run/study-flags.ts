/**
 * Which flags of `smash study` go together. What a study would ignore is refused: its numbers would be read as if the flag
 * had counted.
 */

import { SmashError } from "../../../errors.js";
import type { StudyName } from "../../../study/index.js";
import type { CommonOptions } from "../../common-options.js";
import type { StudyFlags } from "../study.js";

/** Throws `SmashError("usage")` for flags that the study needs and that are not there, or that it would ignore. */
export function checkStudyFlags(study: StudyName, flags: StudyFlags, given: CommonOptions["given"]): void {
  if (study === "nas-bench-201" && flags.table === undefined) {
    throw new SmashError("usage", {
      rule: "The study nas-bench-201 compares scores with known accuracies.",
      found: "no --table.",
      fix: "give --table FILE, a CSV with the columns architecture and test_accuracy_percent.",
    });
  }
  if ((study === "transfer") !== (flags.to !== undefined)) {
    throw new SmashError("usage", {
      rule: "The study transfer, and no other, trains networks on another data set (--to).",
      found: flags.to === undefined ? "no --to." : `--to ${flags.to}.`,
      fix: "smash study transfer --run RUN --to DATA.",
    });
  }
  if (study === "seeds" && flags.seeds < 2) {
    throw new SmashError("usage", {
      rule: "The study seeds compares HyperNets of several seeds.",
      found: `--seeds ${flags.seeds}.`,
      fix: "give --seeds 2 or more.",
    });
  }
  if (flags.limit !== undefined && flags.table === undefined) {
    throw new SmashError("usage", {
      rule: "--limit takes so many rows of a table (--table).",
      found: `--limit ${flags.limit} without --table.`,
      fix: "use --samples, which says how many architectures are sampled where there is no table.",
    });
  }
  for (const { rule, ignored } of casesOf(study, flags)) {
    const found = ignored.filter((name) => given.has(name));
    if (found.length === 0) continue;
    throw new SmashError("usage", {
      rule,
      found: `${found.map((name) => describeFlag(name, flags[name])).join(", ")}.`,
      fix: `leave ${found.length === 1 ? "it" : "them"} out.`,
    });
  }
}

interface Case {
  readonly rule: string;
  readonly ignored: readonly (keyof StudyFlags)[];
}

/** The rules under which flags would be ignored, and which flags. */
function casesOf(study: StudyName, { table, truths, by }: StudyFlags): readonly Case[] {
  const isOfMoves = study === "gradient";
  // In the study seeds they are the HyperNets'.
  const training = study === "seeds" ? (["epochs"] as const) : (["seeds", "epochs"] as const);
  return [
    {
      rule: "The study gradient, and no other, makes moves (smash study gradient).",
      ignored: isOfMoves ? [] : ["moves", "candidates"],
    },
    {
      rule: "The study gradient asks what moves do to the loss with generated weights, as they are: it trains no network and ranks none.",
      ignored: isOfMoves ? ["truths", "by", "proxies", "fineTuned", ...training] : [],
    },
    {
      rule: "A surrogate (--by predicted) predicts from losses with generated weights.",
      ignored: by === "predicted" ? ["fineTuned"] : [],
    },
    {
      rule: "With --table, architectures and their errors are the table's: none is sampled or trained.",
      ignored: table === undefined ? [] : ["truths", "samples", ...training],
    },
    {
      rule: "With --truths, errors and the training they come from are an earlier study's.",
      ignored: truths === undefined ? [] : training,
    },
  ];
}

/** As it was written: --batch-norm running. */
function describeFlag(name: keyof StudyFlags, value: StudyFlags[keyof StudyFlags]): string {
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return value === true ? flag : `${flag} ${value}`;
}
