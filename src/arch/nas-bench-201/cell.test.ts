import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cellAt, cellCount, cellEdges, formatCell, parseCell, pruneCell, type Cell } from "./cell.js";

const cells = fc.integer({ min: 0, max: cellCount - 1 }).map(cellAt);

/** Paths of operations from node 0 to node 3, the function a cell computes where operations do not repeat. */
function outputPaths(cell: Cell): string[] {
  const paths: string[][] = [[""], [], [], []];
  for (const [index, { source, target }] of cellEdges.entries()) {
    if (cell[index] === "none") continue;
    paths[target].push(...paths[source].map((path) => `${path} ${cell[index]}>${target}`));
  }
  return paths[3].sort();
}

describe("the notation of cells", () => {
  it("is the tables': operations by target, with their sources", () => {
    const text = "avg_pool_3x3~0|none~0+nor_conv_3x3~1|skip_connect~0+nor_conv_1x1~1+none~2";
    const cell = parseCell(text);
    expect(cell).toEqual(["avg_pool_3x3", "none", "nor_conv_3x3", "skip_connect", "nor_conv_1x1", "none"]);
    expect(formatCell(cell)).toBe(text);
  });

  it("of the benchmark, with the separators swapped, is read as well", () => {
    const ours = "none~0|nor_conv_3x3~0+none~1|skip_connect~0+none~1+none~2";
    const theirs = "|none~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|none~2|";
    expect(parseCell(theirs)).toEqual(parseCell(ours));
  });

  it("and back is the same cell, for every cell", () => {
    const seen = new Set<string>();
    for (let position = 0; position < cellCount; position++) {
      const text = formatCell(cellAt(position));
      seen.add(text);
      expect(formatCell(parseCell(text))).toBe(text);
    }
    expect(seen.size).toBe(15_625);
  });

  it.each([
    ["none~0|none~0+none~1", "6 edges"],
    ["none~0|none~0+none~1|none~0+none~2+none~1", 'write "none~1"'],
    ["none~0|none~0+none~1|none~0+none~1+none~1", "edge 6 leads from node 2 to node 3"],
    ["none~0|none~0+none~1|none~0+nor_conv_3x4~1+none~2", 'did you mean "nor_conv_3x3"'],
  ])("%s is refused with what to do", (text, hint) => {
    expect(() => parseCell(text)).toThrow(hint);
  });

  it("counts through the last edge's operations first", () => {
    expect(cellAt(2)).toEqual(["none", "none", "none", "none", "none", "nor_conv_1x1"]);
    // 1 * 5 ** 5 + 3 * 5 + 4
    expect(cellAt(3144)).toEqual(["skip_connect", "none", "none", "none", "nor_conv_3x3", "avg_pool_3x3"]);
  });
});

describe("pruning", () => {
  it("keeps every path from input to output, and nothing else", () => {
    fc.assert(
      fc.property(cells, (cell) => {
        const pruned = pruneCell(cell);
        expect(outputPaths(pruned)).toEqual(outputPaths(cell));
        for (const [index, { source, target }] of cellEdges.entries()) {
          if (pruned[index] === "none") continue;
          const marked = outputPaths(cell.map((operation, other) => (other === index ? "none" : operation)));
          expect(marked.length, `edge ${source} to ${target}`).toBeLessThan(outputPaths(cell).length);
        }
      }),
    );
  });

  it("leaves no edge of a cell whose output is cut off", () => {
    const cell = parseCell("nor_conv_3x3~0|nor_conv_3x3~0+nor_conv_3x3~1|none~0+none~1+none~2");
    expect(new Set(pruneCell(cell))).toEqual(new Set(["none"]));
  });
});
