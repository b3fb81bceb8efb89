/**
 * Safetensors on disk: a file is replaced as a whole or not at all, whatever happens while it is written.
 * Not through write-file-atomic 7: it takes a short write for a whole one, and on a full disk (seen on a tmpfs) renames
 * the torso over the earlier file.
 */

import { readFile, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SmashError } from "../errors.js";
import { hasCode, withTemporaryFolder, writingBelow } from "../files.js";
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
  await writingBelow(dirname(path), () =>
    withTemporaryFolder(path, async (folder) => {
      const whole = join(folder, "whole");
      // Flushed before the rename: after a power cut there must not be a new name with old or no contents.
      await writeFile(whole, bytes, { flush: true });
      await rename(whole, path);
    }),
  );
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
