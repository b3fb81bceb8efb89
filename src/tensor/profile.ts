/** Where the time of a computation goes, by libtorch operator and by the shapes of its tensors. */

import { native } from "./engine.js";

export interface ProfiledOperator {
  /** libtorch's name; `smash::…` for calls into the addon, whose own time is what is spent outside libtorch. */
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
