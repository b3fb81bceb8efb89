/** `smash arch check`: every file is looked at, the errors of all are the command's. */

import { SmashError } from "../../../errors.js";
import type { CommandResult } from "../../output.js";
import { readArchitecture } from "./files.js";
import type { NamedArchitecture } from "./present.js";
import { architecturesJson, formatArchitectureTable } from "./present.js";

/** The JSON holds the valid ones; with a single file the text of a failure is the error alone. */
export async function checkCommand(files: readonly string[]): Promise<CommandResult> {
  const valid: NamedArchitecture[] = [];
  const errors: SmashError[] = [];
  for (const file of files) {
    try {
      valid.push({ name: file, architecture: await readArchitecture(file) });
    } catch (error) {
      if (!(error instanceof SmashError)) throw error;
      errors.push(error);
    }
  }
  const table = valid.length === 0 ? "" : `valid:\n${formatArchitectureTable(valid)}\n`;
  return {
    json: architecturesJson(valid.map(({ architecture }) => architecture)),
    text: table,
    failure: joinErrors(errors, files.length),
  };
}

function joinErrors(errors: readonly SmashError[], files: number): SmashError | undefined {
  if (errors.length <= 1) return errors[0];
  return new SmashError("architecture", {
    rule: "Every file must hold a valid architecture.",
    found: `${errors.length} of ${files} do not. ${errors.map(({ details }) => `${details.rule} Found: ${details.found}`).join(" ")}`,
    fix: "check one of them alone for what to do.",
  });
}
