/** The benchmarks by name. */

import { join, resolve } from "node:path";
import { SmashError } from "../../../errors.js";
import { checkOutputFolder, replaceFile } from "../../../files.js";
import { unknownName } from "../../../nearest.js";
import { drawFigure } from "../../../report/index.js";
import type { CommandContext } from "../../run-command.js";
import type { Benchmark } from "./benchmark.js";
import { growth } from "./growth.js";
import { help } from "./help.js";
import { hypernetStep } from "./hypernet-step.js";
import { input } from "./input.js";
import { memory } from "./memory.js";
import { networkStep } from "./network-step.js";
import { profile } from "./profile.js";
import { ranking } from "./ranking.js";

const benchmarks: ReadonlyMap<string, Benchmark> = new Map([
  ["hypernet-step", hypernetStep],
  ["network-step", networkStep],
  ["ranking", ranking],
  ["growth", growth],
  ["profile", profile],
  ["input", input],
  ["memory", memory],
  ["help", help],
]);

export async function runBenchmark(
  name: string,
  flags: { readonly steps?: number; readonly out?: string },
  context: CommandContext,
) {
  const benchmark = benchmarks.get(name);
  if (benchmark === undefined) throw unknownName("The benchmark", name, [...benchmarks.keys()]);
  if (flags.out !== undefined && !benchmark.hasFigure) {
    throw new SmashError("usage", {
      rule: "The folder --out is for the figure of a benchmark that has one.",
      found: `--out ${flags.out} with "${name}".`,
      fix: "leave --out away, or use growth.",
    });
  }
  if (flags.out !== undefined) await checkOutputFolder(flags.out);
  const { rows, text, figure } = await benchmark.run(flags.steps ?? benchmark.steps, context);
  if (flags.out === undefined || !figure) return { json: { benchmark: name, rows }, text };
  const path = resolve(join(flags.out, `${figure.name}.svg`));
  await replaceFile(path, (await drawFigure(figure)).svg);
  return { json: { benchmark: name, rows, figures: [path] }, text: `${text}\nfigure: ${path}` };
}
