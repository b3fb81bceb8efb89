import { describe, expect, test } from "vitest";
import { cellFunction } from "./cell-function.js";
import { cellAt, cellCount, cellEdges, parseCell, pruneCell, type Cell, type Operation } from "./cell.js";

/** Stand-ins for the operations that nothing but the real structure makes equal; nothing stays nothing. */
const stand: Readonly<Record<Operation, (x: number) => number>> = {
  none: () => 0,
  skip_connect: (x) => x,
  nor_conv_1x1: (x) => Math.sin(1.3 * x) + 0.4 * x,
  nor_conv_3x3: (x) => Math.sinh(0.21 * x) - 0.17 * x ** 2,
  avg_pool_3x3: (x) => Math.tanh(0.7 * x) + 0.11 * x ** 3,
};

function evaluate(cell: Cell, x: number): number {
  const nodes = [x, 0, 0, 0];
  for (const [edge, { source, target }] of cellEdges.entries())
    nodes[target] += stand[cell[edge]](nodes[source]);
  return nodes[3];
}

const cells = Array.from({ length: cellCount }, (_, position) => cellAt(position));

describe("the key of a cell's function", () => {
  test("is equal exactly for cells that compute the same, among all 15,625", () => {
    const values = new Map<string, string>();
    const keys = new Map<string, string>();
    for (const cell of cells) {
      const value = [0.37, -0.81, 1.13]
        .map((x) => evaluate(cell, x).toFixed(9))
        .join(" ")
        .replaceAll("-0.000000000", "0.000000000");
      const key = cellFunction(cell);
      expect(values.get(key) ?? value).toBe(value);
      expect(keys.get(value) ?? key).toBe(key);
      values.set(key, value);
      keys.set(value, key);
    }
    expect(values.size).toBe(4930);
  });

  test("is that of the pruned cell", () => {
    for (const cell of cells) expect(cellFunction(pruneCell(cell))).toBe(cellFunction(cell));
  });

  test("does not see which way around equal branches are", () => {
    const one = parseCell("nor_conv_3x3~0|nor_conv_1x1~0+none~1|none~0+skip_connect~1+skip_connect~2");
    const other = parseCell("nor_conv_1x1~0|nor_conv_3x3~0+none~1|none~0+skip_connect~1+skip_connect~2");
    expect(cellFunction(one)).toBe(cellFunction(other));
    expect(cellFunction(one)).toBe("nor_conv_1x1(x)+nor_conv_3x3(x)");
  });
});
