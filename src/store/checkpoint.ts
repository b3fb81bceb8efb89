/** Saved states: tensors as safetensors, what belongs to them as JSON in the file's metadata. */

import { z } from "zod";
import { SmashError } from "../errors.js";
import { disposeAll, readSafetensors, writeSafetensors, type NamedTensors } from "../nn/index.js";
import { fileSize } from "../files.js";
import type { Device, Tensor } from "../tensor/index.js";

export interface Checkpoint<Facts> {
  readonly facts: Facts;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

export async function saveCheckpoint(path: string, tensors: NamedTensors, facts: object): Promise<void> {
  await writeSafetensors(path, tensors, { smash: JSON.stringify(facts) });
}

/** Throws `SmashError("checkpoint")` for a file that is missing, damaged or altered, or whose facts are not `schema`'s. */
export async function loadCheckpoint<Facts>(
  path: string,
  device: Device,
  schema: z.ZodType<Facts>,
): Promise<Checkpoint<Facts>> {
  const { tensors, metadata } = await readSafetensors(path, { device });
  try {
    return { facts: parseFacts(metadata.smash, schema, path), tensors };
  } catch (error) {
    disposeAll(tensors);
    throw error;
  }
}

/** What a checkpoint's metadata says of it. Throws `SmashError("checkpoint")`. */
export function parseFacts<Facts>(text: string | undefined, schema: z.ZodType<Facts>, path: string): Facts {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "{}");
  } catch (cause) {
    throw wrongFacts(path, String(cause));
  }
  const facts = schema.safeParse(value);
  if (!facts.success) throw wrongFacts(path, z.prettifyError(facts.error).replace(/\s+/g, " "));
  return facts.data;
}

function wrongFacts(path: string, found: string): SmashError {
  return new SmashError("checkpoint", {
    rule: `${path} must be a checkpoint of the kind that is needed here, and say so in its metadata.`,
    found: `${found.slice(0, 300)}.`,
    fix: "give the file of a run's HyperNet, or of a trained network, that this program wrote.",
  });
}

export async function hasCheckpoint(path: string): Promise<boolean> {
  return (await fileSize(path)) !== undefined;
}
