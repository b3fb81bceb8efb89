import { describe, expect, it } from "vitest";
import {
  defaultDevice,
  arange,
  bernoulli,
  empty,
  eye,
  fromArray,
  full,
  memoryStats,
  normal,
  ones,
  orthogonalBasis,
  scope,
  setThreads,
  uniform,
  zeros,
  type Tensor,
} from "./index.js";

setThreads(2);

/** As libtorch names it. */
const place = defaultDevice() === "cuda" ? "cuda:0" : defaultDevice();

const moments = (x: Tensor) => ({ mean: x.mean().item(), deviation: x.variance().sqrt().item() });

describe("a tensor from an array", () => {
  it.each([
    [Float32Array.of(0.5, -1, 3), "float32"],
    [Float64Array.of(0.1, -1, 3), "float64"],
    [BigInt64Array.of(1n, -(2n ** 62n), 3n), "int64"],
    [Int32Array.of(1, -2, 3), "int32"],
    [Uint8Array.of(1, 255, 0), "uint8"],
  ] as const)("keeps the values and type of %s", (data, dtype) => {
    scope(() => {
      const tensor = fromArray(data, [3]);
      expect(tensor.dtype).toBe(dtype);
      expect(tensor.device).toBe(place);
      expect(tensor.toArray()).toEqual(data);
    });
  });

  it("of plain numbers is float32, or what is asked for", () => {
    scope(() => {
      expect(fromArray([0.1, 2], [2, 1]).toArray()).toEqual(Float32Array.of(0.1, 2));
      expect(fromArray([1, 2], [2], { dtype: "int64" }).toArray()).toEqual(BigInt64Array.of(1n, 2n));
      expect(fromArray([1, 0], [2], { dtype: "bool" }).toArray()).toEqual(Uint8Array.of(1, 0));
      expect(fromArray([1.00390625, 3], [2], { dtype: "bfloat16" }).toArray()).toEqual(Float32Array.of(1, 3));
    });
  });

  it("needs as many numbers as its shape holds", () => {
    expect(() => fromArray([1, 2, 3], [2, 2])).toThrow(expect.objectContaining({ code: "shape" }));
  });

  it("is a copy", () => {
    scope(() => {
      const data = Float32Array.of(1, 2);
      const tensor = fromArray(data, [2]);
      data[0] = 9;
      tensor.toArray()[1] = 9;
      expect(tensor.toNumbers()).toEqual([1, 2]);
    });
  });
});

describe("constants", () => {
  it("have their values", () => {
    scope(() => {
      expect(zeros([2]).toNumbers()).toEqual([0, 0]);
      expect(ones([2], { dtype: "int64" }).toNumbers()).toEqual([1, 1]);
      expect(full([2], 0.5).toNumbers()).toEqual([0.5, 0.5]);
      expect(arange(3).toArray()).toEqual(BigInt64Array.of(0n, 1n, 2n));
      expect(eye(2).toNumbers()).toEqual([1, 0, 0, 1]);
      expect(empty([2, 3]).shape).toEqual([2, 3]);
      expect(full([], 2.5).item()).toBe(2.5);
    });
  });
});

describe("random fills", () => {
  it.each([
    ["uniform", uniform],
    ["normal", normal],
    ["bernoulli", bernoulli],
  ] as const)("are the same from the same seed, and other ones from another: %s", (_, fill) => {
    scope(() => {
      const first = fill([1000], 17).toArray();
      normal([10], 3);
      expect(fill([1000], 17).toArray()).toEqual(first);
      expect(fill([1000], 18).toArray()).not.toEqual(first);
    });
  });

  it("have the distribution asked for", () => {
    scope(() => {
      const flat = uniform([20_000], 1, { low: -1, high: 3 });
      expect(flat.max().item()).toBeLessThan(3);
      expect(flat.neg().max().item()).toBeLessThanOrEqual(1);
      expect(moments(flat).mean).toBeCloseTo(1, 1);
      const bell = moments(normal([20_000], 1, { mean: 2, deviation: 0.5 }));
      expect(bell.mean).toBeCloseTo(2, 1);
      expect(bell.deviation).toBeCloseTo(0.5, 1);
      const coins = bernoulli([20_000], 1, { probability: 0.3 });
      expect(new Set(coins.toNumbers())).toEqual(new Set([0, 1]));
      expect(moments(coins).mean).toBeCloseTo(0.3, 1);
    });
  });
});

describe("conversions", () => {
  it("change type and layout, not values", () => {
    scope(() => {
      const x = normal([2, 3, 4, 5], 1);
      expect(x.isChannelsLast).toBe(false);
      expect(x.channelsLast().isChannelsLast).toBe(true);
      expect(x.channelsLast().toArray()).toEqual(x.toArray());
      expect(x.to({ dtype: "float64" }).toNumbers()).toEqual(x.toNumbers());
    });
  });

  it("are made by copies into another tensor as well, without a graph", () => {
    scope(() => {
      const target = zeros([2, 2], { dtype: "float64" }).requireGrad();
      target.copyFrom(fromArray([1, 2], [2]));
      expect(target.toNumbers()).toEqual([1, 2, 1, 2]);
      target.fill(3);
      expect(target.toNumbers()).toEqual([3, 3, 3, 3]);
    });
  });

  it("leave no tensor behind when bfloat16 is read", () => {
    scope(() => {
      const x = full([3], 1.5, { dtype: "bfloat16" });
      const before = memoryStats().liveTensors;
      expect(x.toArray()).toEqual(Float32Array.of(1.5, 1.5, 1.5));
      expect(memoryStats().liveTensors).toBe(before);
    });
  });

  it("tell whether all values are finite", () => {
    scope(() => {
      expect(ones([2]).isFinite).toBe(true);
      expect(fromArray([1, NaN], [2]).isFinite).toBe(false);
      expect(fromArray([1, Infinity], [2]).isFinite).toBe(false);
    });
  });
});

describe("an orthogonal basis", () => {
  it("has orthonormal columns that span those of the matrix", () => {
    scope(() => {
      const matrix = normal([7, 4], 1, { dtype: "float64" });
      const basis = orthogonalBasis(matrix);
      const product = basis.transpose(0, 1).matmul(basis).toNumbers();
      for (const [index, value] of product.entries()) expect(value).toBeCloseTo(index % 5 === 0 ? 1 : 0, 10);
      const projected = basis.matmul(basis.transpose(0, 1)).matmul(matrix);
      expect(projected.sub(matrix).abs().max().item()).toBeLessThan(1e-10);
      // The sign that makes it unique: the triangle's diagonal is positive.
      const triangle = basis.transpose(0, 1).matmul(matrix).toNumbers();
      for (const column of [0, 1, 2, 3]) expect(triangle[5 * column]).toBeGreaterThan(0);
    });
  });
});
