/**
 * Safetensors on disk: a file is replaced as a whole or not at all, whatever happens while it is written.
 */

import { readFile } from "node:fs/promises";
import { SmashError } from "../errors.js";
import { hasCode, replaceFile } from "../files.js";
import type { Device } from "../tensor/index.js";
import type { NamedTensors } from "./module.js";
import { decodeSafetensors, encodeSafetensors, type Metadata } from "./safetensors.js";

/**
 * Writes the tensors as they are when called. On a failure the earlier file at `path` is intact; a full disk is
 * `SmashError("disk-full")`.
 */
export async function writeSafetensors(
  path: string,
  tensors: NamedTensors,
  metadata?: Metadata,
): Promise<void> {
  const bytes = encodeSafetensors(tensors, metadata);
  await replaceFile(path, bytes);
}

/** Throws `SmashError("checkpoint")` for a file that is missing, damaged or altered. */
export async function readSafetensors(
  path: string,
  { device }: { readonly device?: Device } = {},
): Promise<ReturnType<typeof decodeSafetensors>> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    throw new SmashError("checkpoint", {
      rule: `${path} must be a file this user can read.`,
      found: hasCode(cause, "ENOENT") ? "no such file." : `${String(cause)}.`,
      fix: "check the path and its permissions.",
      cause,
    });
  }
  return decodeSafetensors(bytes, { file: path, ...(device !== undefined && { device }) });
}
