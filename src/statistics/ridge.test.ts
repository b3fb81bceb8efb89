import fc from "fast-check";
import { Matrix, solve } from "ml-matrix";
import { describe, expect, it } from "vitest";
import { Random } from "../random.js";
import { mean } from "./correlation.js";
import { fitRidge, penalties } from "./ridge.js";

/** Rows of random features on scales of their own, and targets that depend on the first two. */
function makeExamples(
  seed: number,
  { count, features }: { readonly count: number; readonly features: number },
) {
  const random = Random.stream(seed, "ridge");
  const uniform = () => random.integer(-1000, 1000) / 1000;
  const rows = Array.from({ length: count }, () =>
    Array.from({ length: features }, (_, column) => 10 ** (column % 3) * (column + uniform())),
  );
  const targets = rows.map(([first, second = 0]) => 5 + 2 * first - second / 10 + uniform() / 5);
  return { rows, targets };
}

const anyExamples = fc
  .record({
    seed: fc.nat(),
    count: fc.integer({ min: 3, max: 12 }),
    features: fc.integer({ min: 1, max: 20 }),
  })
  .map(({ seed, ...sizes }) => makeExamples(seed, sizes));

/** The same model out of the normal equations, with a column of ones that is not held down. */
function solveRidge(rows: readonly number[][], targets: readonly number[], penalty: number) {
  const x = new Matrix(rows.map((row) => [1, ...row]));
  const held = Matrix.eye(x.columns).mul(penalty);
  held.set(0, 0, 0);
  const weights = solve(
    x.transpose().mmul(x).add(held),
    x.transpose().mmul(Matrix.columnVector([...targets])),
  );
  return (row: readonly number[]) =>
    [1, ...row].reduce((sum, value, place) => sum + value * weights.get(place, 0), 0);
}

function standardize(rows: readonly number[][]): number[][] {
  const columns = rows[0].map((_, column) => rows.map((row) => row[column]));
  const scaled = columns.map((column) => {
    const center = mean(column);
    const deviation = Math.sqrt(mean(column.map((value) => (value - center) ** 2)));
    return column.map((value) => (value - center) / deviation);
  });
  return rows.map((_, row) => scaled.map((column) => column[row]));
}

describe("a ridge regression", () => {
  it("has the weights of the normal equations, of fewer features than examples and of more", async () => {
    await fc.assert(
      fc.asyncProperty(anyExamples, async ({ rows, targets }) => {
        const { penalty, predict } = await fitRidge(rows, targets);
        const scaled = standardize(rows);
        const expected = solveRidge(scaled, targets, penalty);
        rows.forEach((row, place) => expect(predict(row)).toBeCloseTo(expected(scaled[place]), 6));
      }),
    );
  });

  it("knows what it says of each example when fitted to the others, and takes the penalty that this is best with", async () => {
    await fc.assert(
      fc.asyncProperty(anyExamples, async ({ rows, targets }) => {
        const { penalty, leftOut } = await fitRidge(rows, targets);
        const scaled = standardize(rows);
        const without = (of: number) =>
          targets.map((_, left) => {
            const others = <T>(values: readonly T[]) => values.filter((_, place) => place !== left);
            return solveRidge(others(scaled), others(targets), of)(scaled[left]);
          });
        without(penalty).forEach((value, place) => expect(leftOut[place]).toBeCloseTo(value, 6));
        const errorWith = (of: number) =>
          mean(without(of).map((value, place) => (value - targets[place]) ** 2));
        const least = Math.min(...penalties.map(errorWith));
        expect(errorWith(penalty)).toBeCloseTo(least, 6);
      }),
      { numRuns: 30 },
    );
  });

  it("finds what targets depend on, and predicts others by it", async () => {
    const { rows, targets } = makeExamples(1, { count: 60, features: 8 });
    const { predict } = await fitRidge(rows.slice(0, 40), targets.slice(0, 40));
    const errors = rows.slice(40).map((row, place) => predict(row) - targets[40 + place]);
    expect(Math.sqrt(mean(errors.map((error) => error ** 2)))).toBeLessThan(0.3);
  });

  it("leaves out a feature that does not vary, also where rounding says it does", async () => {
    const { rows, targets } = makeExamples(2, { count: 10, features: 2 });
    const more = rows.map((row, place) => [...row, 7, 0.1 + 0.2 - (place % 2) * 5e-17]);
    const plain = await fitRidge(rows, targets);
    const withConstants = await fitRidge(more, targets);
    expect(withConstants.predict([...rows[0], 9, 0.9])).toBeCloseTo(plain.predict(rows[0]), 10);
  });

  it("needs two examples", async () => {
    await expect(fitRidge([[1]], [1])).rejects.toThrow("two examples");
  });
});
