/** Restoring live tensors from saved ones, by name: all of them or, when anything does not fit, none. */

import { SmashError } from "../errors.js";
import type { Tensor } from "../tensor/index.js";
import type { NamedTensors } from "./module.js";

const shown = 3;

function listNames(names: readonly string[]): string {
  const rest = names.length - shown;
  return names.slice(0, shown).join(", ") + (rest > 0 ? ` and ${rest} more` : "");
}

function describe(tensor: Tensor): string {
  return `${tensor.dtype} [${tensor.shape.join(", ")}]`;
}

/** What keeps `source` from being loaded into `target`; undefined when it fits. */
function findMismatch(target: NamedTensors, source: NamedTensors): string | undefined {
  const missing = [...target.keys()].filter((name) => !source.has(name));
  const unknown = [...source.keys()].filter((name) => !target.has(name));
  const different = [...target].flatMap(([name, tensor]) => {
    const saved = source.get(name);
    if (saved === undefined || describe(saved) === describe(tensor)) return [];
    return [`${name} (saved ${describe(saved)}, here ${describe(tensor)})`];
  });
  const problems = [
    missing.length > 0 && `not saved: ${listNames(missing)}`,
    unknown.length > 0 && `saved, but unknown here: ${listNames(unknown)}`,
    different.length > 0 && `different: ${listNames(different)}`,
  ].filter((problem) => problem !== false);
  return problems.length > 0 ? problems.join("; ") : undefined;
}

/**
 * Copies the values of `source` into the tensors of `target`; devices and memory layouts may differ. Throws
 * `SmashError("checkpoint")`, and changes nothing, unless names, shapes and types are the same.
 */
export function loadState(target: NamedTensors, source: NamedTensors): void {
  const mismatch = findMismatch(target, source);
  if (mismatch !== undefined) {
    throw new SmashError("checkpoint", {
      rule: "A saved state must hold the same names, shapes and types as what it is loaded into.",
      found: `${mismatch}.`,
      fix: "use the configuration (space, HyperNet, optimizer) the state was saved with, or start anew.",
    });
  }
  for (const [name, tensor] of target) tensor.copyFrom(source.get(name)!);
}
