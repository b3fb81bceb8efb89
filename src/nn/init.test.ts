import { describe, expect, it } from "vitest";
import { memoryStats, scope, setThreads, type Tensor } from "../tensor/index.js";
import { kaimingNormal, orthogonal } from "./index.js";

setThreads(2);

/** Largest distance of the rows' inner products from those of orthonormal rows times `gain`. */
function rowError(matrix: Tensor, gain: number): number {
  const [rows] = matrix.shape;
  const products = matrix.matmul(matrix.transpose(0, 1)).toNumbers();
  return Math.max(
    ...products.map((product, index) => Math.abs(product - (index % (rows + 1) === 0 ? gain * gain : 0))),
  );
}

describe("orthogonal weights", () => {
  it.each([
    { shape: [4, 9], wide: true },
    { shape: [6, 6], wide: true },
    { shape: [9, 4], wide: false },
    { shape: [8, 3, 3, 3], wide: true },
    { shape: [40, 4, 3, 3], wide: false },
    { shape: [16, 1, 3, 3], wide: false },
    { shape: [12, 64, 1, 1], wide: true },
  ])("of $shape have orthonormal rows, or columns where they are tall", ({ shape, wide }) => {
    scope(() => {
      for (const gain of [1, 1.7]) {
        const weight = orthogonal(shape, 3, { gain });
        expect(weight.shape).toEqual(shape);
        const matrix = weight.reshape([shape[0], -1]);
        expect(rowError(wide ? matrix : matrix.transpose(0, 1), gain)).toBeLessThan(1e-5);
      }
    });
  });

  it("depend on the seed alone", () => {
    scope(() => {
      const values = orthogonal([4, 9], 3).toArray();
      orthogonal([3, 3], 8);
      expect(orthogonal([4, 9], 3).toArray()).toEqual(values);
      expect(orthogonal([4, 9], 4).toArray()).not.toEqual(values);
    });
  });

  it("are made in the type asked for", () => {
    scope(() => {
      expect(rowError(orthogonal([4, 9], 3, { dtype: "float64" }), 1)).toBeLessThan(1e-12);
      const short = orthogonal([4, 9], 3, { dtype: "bfloat16" });
      expect(short.dtype).toBe("bfloat16");
      expect(rowError(short.to({ dtype: "float32" }), 1)).toBeLessThan(0.02);
    });
  });
});

describe("Kaiming normal weights", () => {
  it("have the variance gain^2 / fan-in", () => {
    scope(() => {
      const weight = kaimingNormal([64, 16, 3, 3], 3);
      expect(weight.variance().item() * (16 * 9)).toBeCloseTo(2, 1);
      expect(Math.abs(weight.mean().item())).toBeLessThan(0.005);
      expect(kaimingNormal([64, 100], 3, { gain: 1 }).variance().item() * 100).toBeCloseTo(1, 1);
      expect(kaimingNormal([2, 3], 3).toArray()).toEqual(kaimingNormal([2, 3], 3).toArray());
    });
  });
});

it("first values leave nothing but themselves behind", () => {
  const before = memoryStats().liveTensors;
  orthogonal([4, 9], 3).dispose();
  kaimingNormal([4, 9], 3).dispose();
  expect(memoryStats().liveTensors).toBe(before);
});
