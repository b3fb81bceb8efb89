/** `smash arch sample`. */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { createSpace } from "../../../arch/index.js";
import { SmashError } from "../../../errors.js";
import { Random } from "../../../random.js";
import type { CommandResult } from "../../output.js";
import type { CommandContext } from "../../run-command.js";
import { chooseSpace, type SpaceFlags } from "./choose-space.js";
import { writeArchitecture } from "./files.js";
import { architecturesJson, formatArchitectureTable } from "./present.js";

export interface SampleCommandOptions extends SpaceFlags {
  readonly count: number;
  /** Their sizes in all instead of each one. */
  readonly summary?: boolean;
  /** A file that ends in .json, or a folder. */
  readonly out?: string;
}

/** The n-th architecture depends on the seed and n only, not on how many are drawn. */
export async function sampleCommand(
  { count, out, summary, ...flags }: SampleCommandOptions,
  { common, signal }: CommandContext,
): Promise<CommandResult> {
  const preset = await chooseSpace(flags);
  const space = createSpace(preset.space);
  const architectures = Array.from({ length: count }, (_, index) =>
    space.sample(Random.stream(common.seed, "arch", "sample", index)),
  );
  const names =
    out === undefined ? architectures.map((_, index) => String(index + 1)) : await choosePaths(out, count);
  for (const [index, architecture] of architectures.entries()) {
    if (out === undefined) break;
    signal.throwIfAborted();
    await writeArchitecture(names[index], architecture);
  }
  if (summary) {
    // Counting the SMASH network's weights takes the tensor library, which the rest does without.
    const { formatSampleSummary, summarizeSamples } = await import("./sample-summary.js");
    const json = summarizeSamples(architectures, preset);
    return { json, text: formatSampleSummary(json) };
  }
  const table = formatArchitectureTable(
    architectures.map((architecture, index) => ({ name: names[index], architecture })),
  );
  return { json: architecturesJson(architectures), text: table };
}

async function choosePaths(out: string, count: number): Promise<readonly string[]> {
  if (out.endsWith(".json") && !(await isFolder(out))) {
    if (count === 1) return [out];
    throw new SmashError("usage", {
      rule: "--out must be a folder when several architectures are written.",
      found: `--count ${count} --out ${out}.`,
      fix: "name a folder, or leave out --count.",
    });
  }
  const digits = Math.max(String(count).length, 4);
  const number = (index: number) => String(index + 1).padStart(digits, "0");
  return Array.from({ length: count }, (_, index) => join(out, `architecture-${number(index)}.json`));
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
