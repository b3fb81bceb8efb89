/** The benchmarks by name. */

import { SmashError } from "../../../errors.js";
import type { CommandContext } from "../../run-command.js";
import { benchHyperNetStep } from "./hypernet-step.js";

export async function runBenchmark(
  name: string,
  { steps }: { readonly steps: number },
  context: CommandContext,
) {
  if (name !== "hypernet-step") {
    throw new SmashError("usage", {
      rule: "The benchmark must be a known one.",
      found: `"${name}".`,
      fix: "use hypernet-step.",
    });
  }
  const rows = await benchHyperNetStep(steps, context);
  const text = rows.map(
    ({ size, precision, oursMs, peerMs, floorMs, ratio }) =>
      `${size} ${precision}: ours ${oursMs.toFixed(0)} ms, plain PyTorch ${peerMs.toFixed(0)} ms, floor ${floorMs.toFixed(0)} ms: ${ratio.toFixed(2)} times as fast`,
  );
  return { json: { benchmark: name, rows }, text: text.join("\n") };
}
