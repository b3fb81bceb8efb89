import fc from "fast-check";
import { expect, test } from "vitest";
import { orderByFronts } from "./crowding.js";
import { paretoFront, type ScoredCost } from "./pareto.js";

const identity = (item: ScoredCost) => item;

test("fronts follow each other, each the Pareto front of what is left", () => {
  const value = fc.oneof({ weight: 20, arbitrary: fc.nat(9) }, fc.constant(NaN));
  const points = fc.array(fc.record({ score: value, cost: value }), { maxLength: 30 });
  fc.assert(
    fc.property(points, (items) => {
      const ordered = orderByFronts(items, identity);
      expect(ordered.map(({ front }) => front)).toEqual(
        ordered.map(({ front }) => front).sort((a, b) => a - b),
      );
      expect(new Set(ordered.map(({ item }) => item))).toEqual(new Set(items));
      let rest = items;
      for (let front = 0; rest.length > 0; front++) {
        const members = ordered.filter((entry) => entry.front === front).map(({ item }) => item);
        const expected = paretoFront(rest, identity);
        expect(new Set(members)).toEqual(new Set(expected.length > 0 ? expected : rest));
        rest = rest.filter((item) => !members.includes(item));
      }
    }),
  );
});

test("within a front the ends come first, then those whose neighbours are far", () => {
  const front = [
    { cost: 0, score: 20 },
    { cost: 1, score: 18 },
    { cost: 2, score: 16 },
    { cost: 8, score: 4 },
    { cost: 10, score: 0 },
  ];
  const ordered = orderByFronts(front, identity);
  expect(ordered.map(({ item }) => item.cost)).toEqual([0, 10, 8, 2, 1]);
  // (10 - 2) / 10 + (16 - 0) / 20, and so on.
  expect(ordered.map(({ crowding }) => crowding)).toEqual([Infinity, Infinity, 1.6, 1.4, 0.4]);
});
