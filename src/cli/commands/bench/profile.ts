/**
 * Where the time of a HyperNet step goes, by operator and by the shapes of its tensors, and how much of it computes
 * nothing. Target: under 10 % of a narrow step.
 */

import { formatPercent, formatTextTable } from "../../../report/index.js";
import { isKernel, profile as profileOf, type ProfiledOperator } from "../../../tensor/index.js";
import type { CommandContext } from "../../run-command.js";
import { betweenSteps, type Benchmark } from "./benchmark.js";
import { createTraining, sizes } from "./training.js";

const warmup = 3;
/** Operators and shapes shown to people; the JSON has all operators and this many shapes. */
const shown = 20;

export const profile: Benchmark = {
  steps: 15,
  async run(steps, context) {
    const rows = [];
    for (const size of ["reference", "narrow"] as const) rows.push(await measure(size, steps, context));
    return { rows, text: rows.map(describe).join("\n\n") };
  },
};

async function measure(size: keyof typeof sizes, steps: number, context: CommandContext) {
  const { common, progress } = context;
  const { training, sample } = createTraining(sizes[size], common);
  progress.start(`profile ${size}`, steps + warmup);
  const run = (step: number) => {
    training.runStep(sample(step));
    progress.update(step + 1);
  };
  for (let step = 0; step < warmup; step++) {
    await betweenSteps(context);
    run(step);
  }
  const start = performance.now();
  const shapes = profileOf(() => {
    for (let step = 0; step < steps; step++) run(warmup + step);
  });
  const oursMs = (performance.now() - start) / steps;
  progress.stop();
  const perStep = shapes.map((entry) => ({
    ...entry,
    count: entry.count / steps,
    totalMs: entry.totalMs / steps,
    selfMs: entry.selfMs / steps,
  }));
  const kernelMs = perStep.reduce((sum, { name, selfMs }) => sum + (isKernel(name) ? selfMs : 0), 0);
  return {
    ...{ size, precision: common.precision, oursMs, peerMs: null, floorMs: null, ratio: null },
    /** Inside kernels, as `isKernel` counts them. */
    kernelMs,
    /** The rest of the step, as a share. What the profile itself costs is part of it, so it is an upper bound. */
    overheadShare: 1 - kernelMs / oursMs,
    targetOverheadShare: 0.1,
    /** A step: calls, and milliseconds without what each calls. */
    operators: byName(perStep),
    shapes: perStep.slice(0, shown),
  };
}

interface OperatorShare {
  readonly name: string;
  readonly count: number;
  readonly selfMs: number;
}

function byName(entries: readonly ProfiledOperator[]): readonly OperatorShare[] {
  const sums = new Map<string, OperatorShare>();
  for (const { name, count, selfMs } of entries) {
    const before = sums.get(name) ?? { count: 0, selfMs: 0 };
    sums.set(name, { name, count: before.count + count, selfMs: before.selfMs + selfMs });
  }
  return [...sums.values()].sort((a, b) => b.selfMs - a.selfMs);
}

function describe(row: Awaited<ReturnType<typeof measure>>): string {
  const { size, precision, oursMs, kernelMs, overheadShare, operators, shapes } = row;
  const columns = ["operator", "calls", "ms", "share"].map((title, index) => ({
    title,
    align: index === 0 ? ("left" as const) : ("right" as const),
  }));
  const line = (label: string, { count, selfMs }: Pick<OperatorShare, "count" | "selfMs">) => [
    label,
    count.toFixed(1),
    selfMs.toFixed(2),
    `${((100 * selfMs) / oursMs).toFixed(1)} %`,
  ];
  return [
    `${size} ${precision}: ${oursMs.toFixed(0)} ms a step, ${kernelMs.toFixed(0)} ms in kernels, overhead ${formatPercent(overheadShare)} (target < 10 %); by operator:`,
    formatTextTable(
      columns,
      operators.slice(0, shown).map((entry) => line(entry.name, entry)),
    ),
    "by shapes:",
    formatTextTable(
      columns,
      shapes.map((entry) => line(`${entry.name} ${entry.shapes}`, entry)),
    ),
  ].join("\n");
}
