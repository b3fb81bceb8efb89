/** Saved states: tensors as safetensors, what belongs to them as JSON in the file's metadata. */

import type { z } from "zod";
import { describeValue, SmashError, valueAt } from "../errors.js";
import { disposeAll, readSafetensors, writeSafetensors, type NamedTensors } from "../nn/index.js";
import { fileSize } from "../files.js";
import type { Device, Tensor } from "../tensor/index.js";

/** What a HyperNet's schema calls its owner. */
export const hyperNetOwner = "a HyperNet";

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

/** What `use` makes of a checkpoint, whose tensors are freed afterwards. Throws as `loadCheckpoint` does. */
export async function useCheckpoint<Facts, Result>(
  path: string,
  { device, schema }: { readonly device: Device; readonly schema: z.ZodType<Facts> },
  use: (checkpoint: Checkpoint<Facts>) => Result,
): Promise<Result> {
  const checkpoint = await loadCheckpoint(path, device, schema);
  try {
    return use(checkpoint);
  } finally {
    disposeAll(checkpoint.tensors);
  }
}

/** What a checkpoint's metadata says of it; `schema.description` says whose it must be. Throws `SmashError("checkpoint")`. */
export function parseFacts<Facts>(text: string | undefined, schema: z.ZodType<Facts>, path: string): Facts {
  const owner = schema.description ?? "this program";
  let value: unknown;
  try {
    value = JSON.parse(text ?? "{}");
  } catch (cause) {
    throw wrongFacts(path, { owner, found: String(cause) });
  }
  const facts = schema.safeParse(value);
  if (facts.success) return facts.data;
  if (text === undefined)
    throw wrongFacts(path, { owner, found: "nothing of this program's in its metadata" });
  const other = otherOwner(value, owner);
  if (other) throw wrongFacts(path, { owner, ...other });
  const [{ path: at, message }] = facts.error.issues;
  const found = `${describeValue(valueAt(value, at))} as its ${at.join(".") || "metadata"} (${message})`;
  throw wrongFacts(path, { owner, found });
}

/** Whose a file is that is in order, but not of the kind that is needed. */
function otherOwner(value: unknown, owner: string) {
  const has = (key: string) => valueAt(value, [key]) !== undefined;
  if (has("architecture")) {
    return owner === hyperNetOwner ? { found: "a trained network's" } : undefined;
  }
  if (!has("validationError") || owner === hyperNetOwner) return undefined;
  return {
    found: `${hyperNetOwner}'s, which makes weights for architectures and is no network itself`,
    fix: "give a network's file: smash train --data DATA --run RUN writes RUN/checkpoints/best.safetensors.",
  };
}

function wrongFacts(
  path: string,
  {
    owner,
    found,
    fix = "give the file of a run's HyperNet, or of a trained network, that this program wrote.",
  }: { readonly owner: string; readonly found: string; readonly fix?: string },
): SmashError {
  return new SmashError("checkpoint", {
    rule: `${path} must be a checkpoint of ${owner}, and say so in its metadata.`,
    found: `${found.slice(0, 300)}.`,
    fix,
  });
}

export async function hasCheckpoint(path: string): Promise<boolean> {
  return (await fileSize(path)) !== undefined;
}
