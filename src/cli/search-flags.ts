/** The flags that say what is searched, and within which limits: the same for `smash search` and `smash rank`. */

import type { Command } from "commander";
import type { Limits, RankedBy, TrialOrigin } from "../search/index.js";
import { parseChoice, parseCount, parseInteger, parseNumber } from "./option-values.js";

/** Written out, because loading the strategies would slow down every help. */
export const strategyNames = [
  "random",
  "perturb",
  "chain",
  "evolution",
  "nsga2",
] as const satisfies readonly TrialOrigin[];

/** What orders architectures. */
export interface ByFlag {
  readonly by?: RankedBy;
}

const rankingMeasures = ["loss", "error", "loss+naswot", "predicted"] as const satisfies readonly RankedBy[];

export function addByFlag(command: Command, description: string): Command {
  return command.option("--by <measure>", description, parseChoice("--by", rankingMeasures));
}

/** Fine-tuning. */
export interface FineTuneFlag {
  readonly fineTune?: number;
}

/** `otherwise` says what holds without the flag. */
export function addFineTuneFlag(command: Command, otherwise: string): Command {
  return command.option(
    "--fine-tune <n>",
    `train the best n a little from their generated weights, and order them anew (default: ${otherwise})`,
    parseInteger("--fine-tune", { min: 0 }),
  );
}

/** A brief training of the best in the end. */
export interface FinalistsFlag {
  readonly finalists?: number;
}

/** `otherwise` says what holds without the flag. */
export function addFinalistsFlag(command: Command, otherwise: string): Command {
  return command.option(
    "--finalists <n>",
    `train n of the best and largest briefly from scratch, and order them by their errors on held-out images (default: ${otherwise})`,
    parseInteger("--finalists", { min: 0 }),
  );
}

/** Strategies with a number of trials of their own on the command line. */
const counted = [
  ["--perturb <n>", "perturbations of the best random sample"],
  ["--chain <n>", "perturbations of the best so far, one after another"],
  ["--evolution <n>", "proposals of regularised evolution"],
  ["--nsga2 <n>", "proposals of NSGA-II, which weighs the score against the parameters"],
] as const;

export type CountFlags = Readonly<Partial<Record<Exclude<TrialOrigin, "random">, number>>>;

/** `otherwise` says what holds without the flags. */
export function addCountFlags(command: Command, otherwise: string): Command {
  for (const [flag, description] of counted) {
    command.option(
      flag,
      `${description} (default: ${otherwise})`,
      parseInteger(flag.split(" ")[0], { min: 0 }),
    );
  }
  return command;
}

export interface LimitFlags {
  readonly maxParameters?: number;
  readonly maxFlops?: number;
  readonly maxLatencyMs?: number;
}

/** `flops`: which limit holds where none is given. */
export function addLimitFlags(command: Command, { flops }: { readonly flops?: string } = {}): Command {
  const count = (flag: string) => parseCount(flag, { min: 1 });
  return command
    .option(
      "--max-parameters <n>",
      "rank only networks with at most n parameters: 300000, 300k, 1.5M",
      count("--max-parameters"),
    )
    .option(
      "--max-flops <n>",
      `rank only networks with at most n multiply-adds for one image: 40M${flops ? ` (default: ${flops})` : ""}`,
      count("--max-flops"),
    )
    .option(
      "--max-latency-ms <ms>",
      "rank only networks that take at most so long for one image, measured on one thread of this machine",
      parseNumber("--max-latency-ms", { min: 0.001 }),
    );
}

/** The limits given, and no others. */
export function readLimits({ maxParameters, maxFlops, maxLatencyMs }: LimitFlags): Limits {
  return {
    ...(maxParameters !== undefined && { parameters: maxParameters }),
    ...(maxFlops !== undefined && { flops: maxFlops }),
    ...(maxLatencyMs !== undefined && { latencyMs: maxLatencyMs }),
  };
}
