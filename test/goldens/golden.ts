/** Reading the goldens that generate.py wrote, and comparing with them. */

import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { fromArray, type DType, type Tensor } from "../../src/tensor/index.js";

export interface StoredTensor {
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export function readGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`${name}.golden.json`, import.meta.url), "utf8")) as T;
}

export function toTensor({ data, shape, dtype }: StoredTensor): Tensor {
  return fromArray(data, shape, { dtype });
}

/** Relative to the tensor's largest element: a sum that cancels to nearly nothing has no better accuracy. */
const tolerance = 1e-5;

export function expectClose(found: Tensor, expected: StoredTensor, what: string): void {
  expect(found.shape, what).toEqual(expected.shape);
  expect(found.dtype, what).toBe(expected.dtype);
  const scale = expected.data.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-3);
  const worst = found.toNumbers().reduce((most, value, index) => {
    const error = Math.abs(value - expected.data[index]) / scale;
    return error <= most ? most : error; // NaN wins
  }, 0);
  expect(worst, `${what}: largest error, relative`).toBeLessThanOrEqual(tolerance);
}
