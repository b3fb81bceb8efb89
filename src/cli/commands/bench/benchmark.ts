/** What every benchmark of the project is to the command line. */

import { setImmediate } from "node:timers/promises";
import { formatTextTable, type FigurePlan } from "../../../report/index.js";
import { quantile } from "../../../statistics/index.js";
import type { CommandContext } from "../../run-command.js";

/** The fields all rows share; a benchmark adds its own. Null where there is nothing to compare with. */
export interface BenchRow {
  readonly size: string;
  readonly precision: string;
  readonly oursMs: number;
  readonly peerMs: number | null;
  readonly floorMs: number | null;
  /** peerMs / oursMs: how many times faster. */
  readonly ratio: number | null;
}

export interface BenchResult {
  readonly rows: readonly BenchRow[];
  /** The rows for people. */
  readonly text: string;
  /** Of a benchmark that has one. */
  readonly figure?: FigurePlan;
}

export interface Benchmark {
  /** Steps or runs measured unless the user says how many. */
  readonly steps: number;
  /** Default: false. */
  readonly hasFigure?: boolean;
  run(steps: number, context: CommandContext): Promise<BenchResult>;
}

export function median(values: readonly number[]): number {
  return quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  );
}

/** Lets the loop turn before the next step, so that Ctrl-C is heard. Throws as the signal says. */
export async function betweenSteps({ signal }: Pick<CommandContext, "signal">): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}

/** Milliseconds that the work takes. */
export function timeMs(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

/** One row under its titles. */
export function tableOf(cells: Readonly<Record<string, string>>): string {
  const columns = Object.keys(cells).map((title) => ({ title, align: "right" as const }));
  return formatTextTable(columns, [Object.values(cells)]);
}
