/** Commander's complaints in our form: the rule, what was typed, and the nearest name that exists. */

import type { Command, CommanderError } from "commander";
import { SmashError } from "../errors.js";
import { nearestName } from "../nearest.js";

/** A usage error for what went wrong in parsing `command`; help and version, which are no errors, pass through. */
export function explainUsage(error: CommanderError, command: Command): Error {
  const typed = /'([^']*)'/.exec(error.message)?.[1] ?? "";
  switch (error.code) {
    case "commander.help":
    case "commander.helpDisplayed":
    case "commander.version":
      return error;
    case "commander.unknownCommand":
      return unknownName(command, { kind: "command", typed, known: commandNames(command) });
    case "commander.unknownOption":
      return unknownName(command, { kind: "option", typed, known: optionNames(command) });
    case "commander.missingMandatoryOptionValue": {
      // A mistyped option is also a missing one; the mistake is the better message.
      const known = optionNames(command);
      const mistyped = command.args.find((arg) => arg.startsWith("-") && !known.includes(arg.split("=")[0]));
      if (mistyped !== undefined) {
        return unknownName(command, { kind: "option", typed: mistyped.split("=")[0], known });
      }
      return wrongUse(command, error);
    }
    default:
      return wrongUse(command, error);
  }
}

interface UnknownName {
  readonly kind: "command" | "option";
  readonly typed: string;
  readonly known: readonly string[];
}

function unknownName(command: Command, { kind, typed, known }: UnknownName): SmashError {
  const nearest = nearestName(typed, known);
  const help = `see \`${fullName(command)} --help\`.`;
  return new SmashError("usage", {
    rule: `\`${fullName(command)}\` takes only ${kind}s it knows.`,
    found: `"${typed}".`,
    fix: nearest === undefined ? help : `did you mean "${nearest}"? Otherwise ${help}`,
  });
}

function wrongUse(command: Command, error: CommanderError): SmashError {
  const message = error.message.replace(/^error: /, "").replace(/\.?$/, ".");
  return new SmashError("usage", {
    rule: `The command must be used as \`${fullName(command)} ${command.usage()}\`.`,
    found: message,
    fix: `see \`${fullName(command)} --help\`.`,
  });
}

function fullName(command: Command): string {
  return command.parent ? `${fullName(command.parent)} ${command.name()}` : command.name();
}

function commandNames(command: Command): string[] {
  return command.commands.map((child) => child.name());
}

/** Its own and those of the commands above it, which are understood everywhere. */
function optionNames(command: Command): string[] {
  const own = command.options
    .flatMap(({ long, short }) => [long, short])
    .filter((name) => name !== undefined);
  return [...own, "--help", "-h", ...(command.parent ? optionNames(command.parent) : [])];
}
