import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { batchIndices, epochOrder, stepsPerEpoch } from "./epochs.js";

const size = fc.integer({ min: 1, max: 60 });

describe("batchIndices", () => {
  it("covers every image exactly once an epoch, in any epoch", () => {
    fc.assert(
      fc.property(size, size, fc.nat(5), fc.integer(), (count, batchSize, epoch, seed) => {
        const steps = stepsPerEpoch({ count, batchSize });
        const seen: number[] = [];
        for (let step = epoch * steps; step < (epoch + 1) * steps; step++) {
          const indices = batchIndices({ count, batchSize, seed, step });
          expect(indices.length).toBeGreaterThan(0);
          expect(indices.length).toBeLessThanOrEqual(batchSize);
          seen.push(...indices);
        }
        expect(seen).toEqual([...epochOrder(count, seed, epoch)]);
        expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
      }),
    );
  });

  it("depends on the step alone, not on what was asked for before", () => {
    const plan = { count: 100, batchSize: 8, seed: 5 };
    const straight = Array.from({ length: 60 }, (_, step) => batchIndices({ ...plan, step }));
    for (let step = 59; step >= 0; step -= 7) {
      batchIndices({ ...plan, seed: step, step: 3 });
      // Another set, in the same epoch.
      batchIndices({ ...plan, count: 50, batchSize: 4, step });
      expect(batchIndices({ ...plan, step })).toEqual(straight[step]);
    }
  });

  it("cannot be disturbed by writing into an earlier answer", () => {
    const plan = { count: 10, batchSize: 5, seed: 0, step: 0 };
    const first = batchIndices(plan);
    const copy = Int32Array.from(first);
    first.fill(99);
    expect(batchIndices(plan)).toEqual(copy);
  });

  it("orders every epoch and every seed differently", () => {
    expect(epochOrder(50, 0, 0)).not.toEqual(epochOrder(50, 0, 1));
    expect(epochOrder(50, 0, 0)).not.toEqual(epochOrder(50, 1, 0));
  });

  it.each([
    [0, 5, 0],
    [10, 0, 0],
    [10, 5, -1],
    [10, 2.5, 0],
    [10, 5, NaN],
  ])("refuses count %s, batch size %s, step %s", (count, batchSize, step) => {
    expect(() => batchIndices({ count, batchSize, seed: 0, step })).toThrow(/batch/i);
  });
});
