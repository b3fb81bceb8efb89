/**
 * What every layer exposes of its state, and what is done with named tensors: counting, putting the parts of a network
 * under one roof, and giving their memory back.
 */

import type { Tensor } from "../tensor/index.js";

/** Tensors by name; the tensors are live, the map is not to be changed. */
export type NamedTensors = ReadonlyMap<string, Tensor>;

/** Numbers in all of them. */
export function countValues(tensors: NamedTensors): number {
  return [...tensors.values()].reduce((sum, { size }) => sum + size, 0);
}

export interface Module {
  /** Trainable tensors. */
  parameters(): NamedTensors;
  /** State that is not trained: running statistics. */
  buffers(): NamedTensors;
}

/** The tensors of several maps in one, each named `part.name`. */
export function joinNamed(parts: Readonly<Record<string, NamedTensors>>): NamedTensors {
  const joined = new Map<string, Tensor>();
  for (const [part, tensors] of Object.entries(parts)) {
    for (const [name, tensor] of tensors) joined.set(`${part}.${name}`, tensor);
  }
  return joined;
}

/** Frees the tensors of layers or optimizers that were made outside a `scope`. */
export function disposeAll(...maps: readonly NamedTensors[]): void {
  for (const tensors of maps) {
    for (const tensor of tensors.values()) tensor.dispose();
  }
}
