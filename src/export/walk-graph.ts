/** Walking and rewriting a graph of values, without recursion: networks are deep. */

import type { Value } from "./graph.js";

export function inputsOf(value: Value): readonly Value[] {
  switch (value.kind) {
    case "image":
      return [];
    case "add":
    case "multiply":
      return [value.left, value.right];
    case "join":
      return value.ranges.map((range) => range.value);
    case "convolution":
    case "linear":
    case "affine":
    case "activation":
    case "average-pool":
    case "global-average-pool":
      return [value.input];
  }
}

/** The same step on other inputs. */
function withInputs(value: Value, replace: (value: Value) => Value): Value {
  switch (value.kind) {
    case "image":
      return value;
    case "add":
    case "multiply":
      return { ...value, left: replace(value.left), right: replace(value.right) };
    case "join":
      return {
        ...value,
        ranges: value.ranges.map((range) => ({ ...range, value: replace(range.value) })),
      };
    case "convolution":
    case "linear":
    case "affine":
    case "activation":
    case "average-pool":
    case "global-average-pool":
      return { ...value, input: replace(value.input) };
  }
}

/** All values that `output` depends on and itself, each after its inputs. */
export function listValues(output: Value): readonly Value[] {
  const order = new Set<Value>();
  const entered = new Set<Value>();
  const stack = [output];
  while (stack.length > 0) {
    const value = stack[stack.length - 1];
    const missing = entered.has(value) ? [] : inputsOf(value).filter((input) => !order.has(input));
    entered.add(value);
    if (missing.length === 0) {
      order.add(value);
      stack.pop();
    } else stack.push(...missing.toReversed());
  }
  return [...order];
}

/** Who takes each value; twice where a step takes it twice. */
export function listConsumers(values: readonly Value[]): ReadonlyMap<Value, readonly Value[]> {
  const consumers = new Map<Value, Value[]>(values.map((value) => [value, []]));
  for (const value of values) for (const input of inputsOf(value)) consumers.get(input)!.push(value);
  return consumers;
}

/** A new graph of what `rewrite` makes of each step, given the old step and the same one on rewritten inputs. */
export function rewriteGraph(output: Value, rewrite: (old: Value, step: Value) => Value): Value {
  const rewritten = new Map<Value, Value>();
  for (const old of listValues(output)) {
    rewritten.set(
      old,
      rewrite(
        old,
        withInputs(old, (input) => rewritten.get(input)!),
      ),
    );
  }
  return rewritten.get(output)!;
}
