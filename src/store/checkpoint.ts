/** Saved states: tensors as safetensors, what belongs to them as JSON in the file's metadata. */

import { readSafetensors, writeSafetensors, type NamedTensors } from "../nn/index.js";
import { fileSize } from "../files.js";
import type { Device, Tensor } from "../tensor/index.js";

export interface Checkpoint<Facts> {
  readonly facts: Facts;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

export async function saveCheckpoint(path: string, tensors: NamedTensors, facts: object): Promise<void> {
  await writeSafetensors(path, tensors, { smash: JSON.stringify(facts) });
}

/** Throws `SmashError("checkpoint")` for a file that is missing, damaged or altered. */
export async function loadCheckpoint<Facts>(path: string, device: Device): Promise<Checkpoint<Facts>> {
  const { tensors, metadata } = await readSafetensors(path, { device });
  return { facts: JSON.parse(metadata.smash ?? "{}") as Facts, tensors };
}

export async function hasCheckpoint(path: string): Promise<boolean> {
  return (await fileSize(path)) !== undefined;
}
