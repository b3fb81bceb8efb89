/** `smash arch perturb`. */

import { createSpace } from "../../../arch/index.js";
import { Random } from "../../../random.js";
import type { CommandResult } from "../../output.js";
import type { CommandContext } from "../../run-command.js";
import { chooseSpace, type SpaceFlags } from "./choose-space.js";
import { readArchitecture, writeArchitecture } from "./files.js";
import { architecturesJson, formatArchitectureTable } from "./present.js";

export interface PerturbCommandOptions extends SpaceFlags {
  /** That an element is resampled, 0 … 1. Default: perturbArchitecture's. */
  readonly probability?: number;
  readonly out?: string;
}

export async function perturbCommand(
  file: string,
  { preset, config, out, ...options }: PerturbCommandOptions,
  { common }: CommandContext,
): Promise<CommandResult> {
  const { space } = await chooseSpace({ preset, config });
  const original = await readArchitecture(file);
  const random = Random.stream(common.seed, "arch", "perturb");
  const perturbed = createSpace(space).perturb(original, random, options);
  if (out !== undefined) await writeArchitecture(out, perturbed);
  const rows = [
    { name: file, architecture: original },
    { name: out ?? "perturbed", architecture: perturbed },
  ];
  return { json: architecturesJson([perturbed]), text: formatArchitectureTable(rows) };
}
