/** The options every command takes: declared once on the program, understood before and after a command's name. */

import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import type { Command } from "commander";
import { SmashError } from "../errors.js";
import type { Device } from "../tensor/index.js";
import { parseChoice, parseInteger } from "./option-values.js";

export type Precision = "fp32" | "bf16";

export interface CommonOptions {
  /** One JSON document on stdout instead of text. */
  readonly json: boolean;
  /** No progress and no notes; results and errors stay. */
  readonly quiet: boolean;
  /** The stack of an error below its line. */
  readonly verbose: boolean;
  /** "auto", "cpu", "cuda" or "cuda:N"; whether the machine has it is for `resolveDevice` to say. */
  readonly device: Device;
  /** CPU threads, for `setThreads`. Default: those the system offers this process. */
  readonly threads: number;
  readonly seed: number;
  readonly precision: Precision;
  /** Absolute. Undefined: where `defaultDataDir()` says, which would be too slow to load here. */
  readonly dataDir: string | undefined;
  /** Names of the options that were written on the command line: others have their defaults. */
  readonly given: ReadonlySet<string>;
}

const precisions: readonly Precision[] = ["fp32", "bf16"];

/** Adds the common options to the program; their values are checked while they are parsed. */
export function addCommonOptions(program: Command): void {
  program
    .option("--json", "print one JSON document on stdout and nothing else")
    .option("--quiet", "show no progress and no notes")
    .option("--verbose", "show the stack of an error")
    .option("--device <device>", "cpu, cuda, cuda:N or auto", parseDevice, "auto")
    .option("--threads <n>", "CPU threads (default: all)", parseInteger("--threads", { min: 1, max: 1024 }))
    .option("--seed <n>", "seed of everything random", parseInteger("--seed", { min: 0 }), 0)
    .option("--precision <type>", "fp32 or bf16", parseChoice("--precision", precisions), "fp32")
    .option("--data-dir <folder>", "where data sets lie (default: SMASH_DATA, else the cache)", parseFolder);
}

/** The common options of a command that is about to run. */
export function readCommonOptions(command: Command): CommonOptions {
  // Commander types its values `any`; the parsers above made them what is written here.
  const raw: Partial<CommonOptions> & Pick<CommonOptions, "device" | "seed" | "precision"> =
    command.optsWithGlobals();
  return Object.freeze({
    json: raw.json ?? false,
    quiet: raw.quiet ?? false,
    verbose: raw.verbose ?? false,
    device: raw.device,
    threads: raw.threads ?? availableParallelism(),
    seed: raw.seed,
    precision: raw.precision,
    dataDir: raw.dataDir,
    given: new Set(
      Object.keys(raw).filter((name) => command.getOptionValueSourceWithGlobals(name) === "cli"),
    ),
  });
}

/** Throws `SmashError("usage")` for an option that was written and would be ignored; `options` tells what each goes with. */
export function refuseIgnored(given: ReadonlySet<string>, options: Readonly<Record<string, string>>): void {
  const ignored = Object.entries(options).find(([name]) => given.has(name));
  if (ignored === undefined) return;
  const [name, partner] = ignored;
  throw new SmashError("usage", {
    rule: `--${name} goes with ${partner}.`,
    found: `--${name} without it.`,
    fix: `leave out --${name}.`,
  });
}

function parseDevice(text: string): Device {
  if (/^(auto|cpu|cuda|cuda:\d+)$/.test(text)) return text;
  throw new SmashError("usage", {
    rule: "--device must be cpu, cuda, cuda:N or auto.",
    found: `"${text}".`,
    fix: "use --device auto, which takes the first CUDA device if there is one, else the CPU.",
  });
}

/** An empty value, from an unset shell variable usually, would silently mean the current folder. */
function parseFolder(text: string): string {
  if (text !== "") return resolve(text);
  throw new SmashError("usage", {
    rule: "--data-dir must name a folder.",
    found: `"".`,
    fix: "name one, or leave the option out.",
  });
}
