/** Architectures on the disk: every error names the file. */

import { readFile } from "node:fs/promises";
import { parseArchitecture } from "../../../arch/index.js";
import type { Architecture } from "../../../arch/index.js";
import { SmashError } from "../../../errors.js";
import { hasCode, replaceFile } from "../../../files.js";

/**
 * Reads and checks; throws `architecture` for a file that is missing, not JSON, or not a valid architecture. What
 * `smash arch --json` prints of one architecture is such a file too, so that commands can be joined.
 */
export async function readArchitecture(path: string): Promise<Architecture> {
  const text = await readText(path);
  try {
    return parseArchitecture(takeFromDocument(parseJson(text)));
  } catch (error) {
    if (!(error instanceof SmashError)) throw error;
    throw new SmashError(error.code, { ...error.details, rule: `${path}: ${error.details.rule}` });
  }
}

export async function writeArchitecture(path: string, architecture: Architecture): Promise<void> {
  await replaceFile(path, `${JSON.stringify(architecture, undefined, 2)}\n`);
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new SmashError("architecture", {
      rule: `${path}: an architecture file must exist and be readable.`,
      found: hasCode(error, "ENOENT")
        ? "no such file."
        : hasCode(error, "EISDIR")
          ? "a folder."
          : `${String(error)}.`,
      fix: "check the path; `smash arch sample --out FILE.json` writes such a file, and `smash arch show` also takes resnet, wide-resnet, densenet and fractalnet.",
      cause: error,
    });
  }
}

/** The architecture of `{architectures: [{architecture, …}]}`; anything else as it is. */
function takeFromDocument(json: unknown): unknown {
  if (typeof json !== "object" || json === null || !("architectures" in json)) return json;
  const { architectures } = json;
  if (!Array.isArray(architectures)) return json;
  const items: readonly unknown[] = architectures;
  const [item] = items;
  if (items.length === 1 && typeof item === "object" && item !== null && "architecture" in item) {
    return item.architecture;
  }
  throw new SmashError("architecture", {
    rule: "an architecture file holds one architecture.",
    found: `a document of \`smash arch --json\` with ${items.length}.`,
    fix: "write them into a folder, a file each: smash arch sample --count N --out FOLDER.",
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SmashError("architecture", {
      rule: "an architecture file holds one JSON document.",
      found:
        text.trim() === "" ? "an empty file." : `${error instanceof Error ? error.message : "not JSON"}.`,
      fix: "write it again, or correct it at that place.",
      cause: error,
    });
  }
}
