/** `smash arch show`. */

import {
  drawArchitecture,
  referenceArchitecture,
  referenceNames,
  referenceTitle,
  requireMemoryBanks,
  validateArchitecture,
} from "../../../arch/index.js";
import type { MemoryBankArchitecture, MemoryBankSettings, ReferenceName } from "../../../arch/index.js";
import { SmashError } from "../../../errors.js";
import { replaceFile } from "../../../files.js";
import type { CommandResult } from "../../output.js";
import { chooseSpace, type ChosenSpace, type SpaceFlags } from "./choose-space.js";
import { readArchitecture } from "./files.js";
import { architecturesJson } from "./present.js";
import { summarizeArchitecture } from "./summary.js";

export interface ShowCommandOptions extends SpaceFlags {
  /** Where to write the picture. */
  readonly svg?: string;
}

/** `file` may be the name of a reference network. */
export async function showCommand(
  file: string,
  { svg, ...flags }: ShowCommandOptions,
): Promise<CommandResult> {
  const name = referenceNames.find((candidate) => candidate === file);
  const reference = name && buildReference(name, await chooseSpace(flags));
  const architecture = reference?.architecture ?? (await readArchitecture(file));
  const lines = [summarizeArchitecture(architecture)];
  if (reference) lines.push(reference.membership);
  if (svg !== undefined) {
    await replaceFile(svg, drawArchitecture(architecture, name && { title: referenceTitle(name) }));
    lines.push(`drawn in ${svg}`);
  }
  return { json: architecturesJson([architecture]), text: lines.join("\n\n") };
}

/** A reference network of the preset's size, and whether it lies in the preset's space. */
function buildReference(name: ReferenceName, preset: ChosenSpace) {
  const space = requireMemoryBanks(preset.space, `The reference network ${name}`);
  const architecture = referenceArchitecture(name, space);
  return { architecture, membership: describeMembership(architecture, space, preset.name) };
}

/** Whether a HyperNet of this space can generate the network's weights. */
function describeMembership(
  architecture: MemoryBankArchitecture,
  space: MemoryBankSettings,
  preset: string,
): string {
  try {
    validateArchitecture(architecture, space);
    return `lies in the space of preset ${preset}`;
  } catch (error) {
    if (!(error instanceof SmashError)) throw error;
    const { rule, found } = error.details;
    return `outside of the space of preset ${preset}: ${rule} Found: ${found}`;
  }
}
