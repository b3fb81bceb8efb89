/**
 * Lifetime and graph recording. N-API finalizers do not run inside a synchronous loop, so tensors are not left to the
 * garbage collector: what is made inside `scope` is freed at its end, except what it returns.
 */

import { native } from "./engine.js";
import type { Handle } from "./native-ops.js";
import { Tensor } from "./tensor.js";

/** The handles of the tensors in a returned value: a tensor, or arrays, maps and plain objects of them. */
function collectHandles(value: unknown, handles: Handle[]): void {
  if (value instanceof Tensor) {
    handles.push(value.handle);
  } else if (Array.isArray(value)) {
    for (const item of value) collectHandles(item, handles);
  } else if (value instanceof Map) {
    for (const item of value.values()) collectHandles(item, handles);
  } else if (
    typeof value === "object" &&
    value !== null &&
    Object.getPrototypeOf(value) === Object.prototype
  ) {
    for (const item of Object.values(value)) collectHandles(item, handles);
  }
}

/**
 * Runs a synchronous `body` and frees every tensor it made, except those it returns: a tensor, or arrays, maps and
 * plain objects of them, but not tensors inside instances of classes.
 */
export function scope<T>(body: () => T): T {
  const engine = native();
  engine.beginScope();
  const keep: Handle[] = [];
  try {
    const result = body();
    collectHandles(result, keep);
    return result;
  } finally {
    engine.endScope(keep);
  }
}

/** Runs `body` without recording a graph. */
export function noGrad<T>(body: () => T): T {
  const engine = native();
  const before = engine.setGradEnabled(false);
  try {
    return body();
  } finally {
    engine.setGradEnabled(before);
  }
}
