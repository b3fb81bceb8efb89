/** `smash arch show`. */

import { drawArchitecture } from "../../../arch/index.js";
import { replaceFile } from "../../../files.js";
import type { CommandResult } from "../../output.js";
import { readArchitecture } from "./files.js";
import { architecturesJson } from "./present.js";
import { summarizeArchitecture } from "./summary.js";

export interface ShowCommandOptions {
  /** Where to write the picture. */
  readonly svg?: string;
}

export async function showCommand(file: string, { svg }: ShowCommandOptions): Promise<CommandResult> {
  const architecture = await readArchitecture(file);
  const summary = summarizeArchitecture(architecture);
  if (svg === undefined) return { json: architecturesJson([architecture]), text: summary };
  await replaceFile(svg, drawArchitecture(architecture));
  return { json: architecturesJson([architecture]), text: `${summary}\n\ndrawn in ${svg}` };
}
