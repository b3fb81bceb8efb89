import fc from "fast-check";
import { expect, test } from "vitest";
import { fakeHistory, spaceOf } from "./history.fixture.js";
import { paretoFront, paretoFronts, type ScoredCost } from "./pareto.js";

/** Few different values, so that ties are common. */
const value = fc.oneof({ weight: 20, arbitrary: fc.nat(6) }, fc.constantFrom(NaN, Infinity));
const points = fc
  .array(fc.record({ score: value, cost: value }), { maxLength: 25 })
  .map((items) => items.map((item, id) => ({ ...item, id })));

type Point = ScoredCost & { readonly id: number };
const isFinite = ({ score, cost }: ScoredCost) => Number.isFinite(score) && Number.isFinite(cost);
/** At least as good in both and better in one; of equal ones the earlier. */
const dominates = (one: Point, other: Point) =>
  one.score <= other.score &&
  one.cost <= other.cost &&
  (one.score < other.score || one.cost < other.cost || one.id < other.id);

test("no point of the front is dominated, and every other is dominated by one of the front", () => {
  fc.assert(
    fc.property(points, (items) => {
      const front = paretoFront(items, (item) => item);
      const finite = items.filter(isFinite);
      for (const member of front) expect(finite.some((item) => dominates(item, member))).toBe(false);
      for (const item of finite.filter((point) => !front.includes(point)))
        expect(front.some((member) => dominates(member, item))).toBe(true);
    }),
  );
});

test("along the front the cost rises, the score falls, and all is finite", () => {
  fc.assert(
    fc.property(points, (items) => {
      const front = paretoFront(items, (item) => item);
      expect(front.every(isFinite)).toBe(true);
      for (let index = 1; index < front.length; index++) {
        expect(front[index].cost).toBeGreaterThan(front[index - 1].cost);
        expect(front[index].score).toBeLessThan(front[index - 1].score);
      }
    }),
  );
});

test("a run has fronts of parameters and work, and of latency once some are measured", () => {
  const trials = fakeHistory(spaceOf("demo"), { seed: 3, count: 40 });
  const { parameters, flops, ...others } = paretoFronts(trials, "loss");
  expect(others).toEqual({});
  const best = Math.min(...trials.map(({ validationLoss }) => validationLoss).filter(Number.isFinite));
  expect(parameters!.at(-1)!.validationLoss).toBe(best);
  expect(flops!.at(-1)!.validationLoss).toBe(best);
  expect(flops!.at(-1)!.score).toBe(best);
  expect(flops![0]).not.toHaveProperty("architecture");
  const measured = trials.map((trial, index) => (index < 20 ? { ...trial, latencyMs: 20 - index } : trial));
  const { latencyMs } = paretoFronts(measured, "loss");
  expect(latencyMs!.every(({ id }) => id < 20)).toBe(true);
});
