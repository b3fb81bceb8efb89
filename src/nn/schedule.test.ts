import { describe, expect, it } from "vitest";
import { readGolden } from "../../test/goldens/golden.js";
import { cosineRate, type CosineRateOptions } from "./index.js";

type Golden = Omit<CosineRateOptions, "step"> & { readonly rates: readonly number[] };

describe("the cosine schedule", () => {
  it.each(readGolden<Golden[]>("schedules"))(
    "is PyTorch's: $steps steps, $warmup of them warm-up, from $base to $final",
    ({ rates, ...options }) => {
      for (const [step, rate] of rates.entries()) {
        expect(cosineRate({ ...options, step })).toBeCloseTo(rate, 9);
      }
    },
  );

  it("rises to its base, then falls towards its final rate and stays there", () => {
    const rate = (step: number) => cosineRate({ base: 1, step, steps: 20, warmup: 5, final: 0.1 });
    expect(rate(0)).toBeCloseTo(0.2);
    expect(rate(4)).toBe(1);
    expect(rate(5)).toBe(1);
    for (let step = 5; step < 19; step++) expect(rate(step + 1)).toBeLessThan(rate(step));
    expect(rate(20)).toBeCloseTo(0.1);
    expect(rate(30)).toBeCloseTo(0.1);
  });

  it("never gives a rate that is not a number, however short", () => {
    for (const [steps, warmup] of [
      [1, 0],
      [1, 1],
      [3, 3],
      [3, 5],
    ]) {
      for (let step = 0; step < steps; step++) {
        expect(cosineRate({ base: 1, step, steps, warmup })).toBeGreaterThan(0);
      }
    }
  });
});
