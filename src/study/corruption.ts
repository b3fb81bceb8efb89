/** What a wrong encoding does to a score (SMASH section 5.1). */

import { Random } from "../random.js";
import { estimateMean, mean, type Estimate } from "../statistics/index.js";
import type { Bench } from "./bench.js";
import { scoreMeasure } from "./score-variants.js";
import type { Variant } from "./variants.js";

/** The effect of one way to make encodings wrong. Architectures without another choice there are left out. */
export interface CorruptionEffect {
  /** Of the variant: "corrupted" (all elements), "corrupted-4", "dilation", … */
  readonly name: string;
  readonly n: number;
  /** Mean number of wrong elements, one for each layer and kind or for each edge of a cell. */
  readonly elements: number;
  /** Loss with the wrong encoding less that with the right one, nats; and the same of the error, a fraction. */
  readonly lossIncrease: Estimate;
  readonly errorIncrease: Estimate;
  /** Share of the architectures whose loss is lower with the right encoding; a tie counts half. */
  readonly rightIsBetter: Estimate;
}

export function measureCorruption(
  { table, architectures }: Bench,
  variants: readonly Variant[],
  seed: number,
): readonly CorruptionEffect[] {
  const [right, ...corrupted] = variants;
  return corrupted.flatMap((variant) => {
    const column = (of: Variant, measure: "loss" | "error" | "elements") =>
      table.column(scoreMeasure(of, measure), architectures.length);
    const elements = column(variant, "elements");
    const changed = [...elements.keys()].filter((item) => elements[item] > 0);
    if (changed.length === 0) return [];
    const increase = (measure: "loss" | "error") => {
      const [wrong, own] = [column(variant, measure), column(right, measure)];
      return changed.map((item) => wrong[item] - own[item]);
    };
    const estimate = (values: readonly number[]) =>
      estimateMean(values, { random: Random.stream(seed, "bootstrap", "corruption") });
    const losses = increase("loss");
    return {
      name: variant.name,
      n: changed.length,
      elements: mean(changed.map((item) => elements[item])),
      lossIncrease: estimate(losses),
      errorIncrease: estimate(increase("error")),
      rightIsBetter: estimate(losses.map((difference) => (1 + Math.sign(difference)) / 2)),
    };
  });
}
