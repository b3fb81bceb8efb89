/** Where the time of a computation goes, by libtorch operator and by the shapes of its tensors. */

import { native } from "./engine.js";

export interface ProfiledOperator {
  /** libtorch's name; `kernel::…` for the addon's own kernels, `smash::…` for calls into it. */
  readonly name: string;
  /** Shapes of its input tensors; empty for calls into the addon. */
  readonly shapes: string;
  readonly count: number;
  /** Milliseconds, with what it called. */
  readonly totalMs: number;
  /** Milliseconds, without. */
  readonly selfMs: number;
}

/** Runs `compute` on this thread and gives the operators it called, those with most time of their own first. */
export function profile(compute: () => void): readonly ProfiledOperator[] {
  native().startProfile();
  let lines: string;
  try {
    compute();
  } finally {
    lines = native().stopProfile();
  }
  return lines
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [name, shapes, count, total, self] = line.split("\t");
      return {
        name,
        shapes,
        count: Number(count),
        totalMs: Number(total) / 1000,
        selfMs: Number(self) / 1000,
      };
    })
    .sort((a, b) => b.selfMs - a.selfMs);
}

/**
 * libtorch's operators that compute nothing: they look at memory in another way, reserve it, move or set values, or only
 * call others.
 */
const notComputing: ReadonlySet<string> = new Set(
  [
    [
      "alias",
      "as_strided",
      "detach",
      "expand",
      "lift_fresh",
      "narrow",
      "permute",
      "reshape",
      "_reshape_alias",
    ],
    ["resolve_conj", "resolve_neg", "select", "slice", "split", "squeeze", "t", "transpose", "unsqueeze"],
    ["unbind", "_unsafe_view", "view", "view_as"],
    ["empty", "empty_like", "empty_strided", "new_empty", "resize_", "set_"],
    [
      "cat",
      "clone",
      "constant_pad_nd",
      "contiguous",
      "copy_",
      "fill_",
      "full",
      "full_like",
      "new_zeros",
      "ones",
    ],
    ["ones_like", "slice_backward", "to", "_to_copy", "zero_", "zeros", "zeros_like", "scalar_tensor"],
    ["item", "_local_scalar_dense", "is_nonzero", "result_type", "requires_grad_", "retain_grad"],
  ].flat(),
);

/**
 * Whether an operator is a kernel: it computes values, in libtorch or in the addon. All else of a computation is
 * overhead: JavaScript, calls into the addon, the graph, views, allocation, and copies and fills, which only move values.
 */
export function isKernel(name: string): boolean {
  const [space, operator] = name.split("::");
  return space === "kernel" || (space === "aten" && !notComputing.has(operator));
}
