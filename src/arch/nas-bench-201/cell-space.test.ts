import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../random.js";
import { parseCellArchitecture } from "./cell-architecture.js";
import { CellSpace } from "./cell-space.js";
import type { CellSettings } from "./cell-settings.js";
import { cellEdges, operations, parseCell } from "./cell.js";
import { buildCellArchitecture } from "./cell-settings.js";
import { countCellCost } from "./cell-cost.js";
import { drawCell } from "./draw-cell.js";

const settings: CellSettings = {
  name: "nas-bench-201",
  channels: 16,
  cells: 5,
  sampling: "uniform",
  input: { channels: 3, size: 32 },
  classes: 10,
};
const space = new CellSpace(settings);
const seeds = fc.integer({ min: 0, max: 1e6 });

describe("sampling", () => {
  it("draws every operation of every edge about equally often", () => {
    const random = Random.stream(1);
    const counts = cellEdges.map(() => new Map(operations.map((operation) => [operation, 0])));
    for (let draw = 0; draw < 5000; draw++) {
      for (const [edge, operation] of space.sample(random).cell.entries()) {
        counts[edge].set(operation, counts[edge].get(operation)! + 1);
      }
    }
    // Binomial with mean 1000: standard deviation 28.
    for (const edge of counts)
      for (const count of edge.values()) expect(Math.abs(count - 1000)).toBeLessThan(130);
  });

  it("fairly, gives every edge each operation once in five consecutive steps", () => {
    const fair = new CellSpace({ ...settings, sampling: "fair" });
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 1000 }), (seed, round) => {
        const drawn = operations.map(
          (_, index) => fair.sampleForStep({ seed, step: 5 * round + index, steps: 10_000 }).cell,
        );
        for (const edge of cellEdges.keys()) expect(new Set(drawn.map((cell) => cell[edge])).size).toBe(5);
      }),
    );
  });

  it("gives architectures that their JSON gives back", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const architecture = space.sample(Random.stream(seed));
        expect(parseCellArchitecture(JSON.parse(JSON.stringify(architecture)))).toEqual(architecture);
      }),
    );
  });
});

describe("perturbing", () => {
  it("changes one edge at least, and none with probability 0", () => {
    fc.assert(
      fc.property(seeds, (seed) => {
        const architecture = space.sample(Random.stream(seed));
        const random = Random.stream(seed, "perturb");
        expect(space.perturb(architecture, random).cell).not.toEqual(architecture.cell);
        expect(space.perturb(architecture, random, { probability: 0 })).toEqual(architecture);
      }),
    );
  });

  it("changes about one edge of six", () => {
    let changed = 0;
    for (let seed = 0; seed < 500; seed++) {
      const { cell } = space.sample(Random.stream(seed));
      const other = space.perturb(buildCellArchitecture(settings, cell), Random.stream(seed, "perturb"));
      changed += cell.filter((operation, edge) => operation !== other.cell[edge]).length;
    }
    expect(changed / 500).toBeGreaterThan(1);
    expect(changed / 500).toBeLessThan(1.6);
  });
});

describe("a cell network", () => {
  it("costs what the benchmark's costs: the largest has 1.53 M parameters", () => {
    const largest = parseCell(
      "nor_conv_3x3~0|nor_conv_3x3~0+nor_conv_3x3~1|nor_conv_3x3~0+nor_conv_3x3~1+nor_conv_3x3~2",
    );
    const { parameters, flops } = countCellCost(buildCellArchitecture(settings, largest));
    expect(parameters).toBe(1_531_546);
    expect(Math.round(flops / 1e6)).toBe(220);
  });

  it("is refused with the field that is wrong", () => {
    const architecture = space.sample(Random.stream(1));
    expect(() => parseCellArchitecture({ ...architecture, cell: ["none"] })).toThrow("cell");
    expect(() => parseCellArchitecture({ ...architecture, cels: 5 })).toThrow("cells");
    expect(() => parseCellArchitecture({ ...architecture, input: { channels: 3, size: 30 } })).toThrow(
      "multiple of 4",
    );
  });

  it("is drawn as a self-contained picture with one line an edge", () => {
    const cell = parseCell("nor_conv_3x3~0|none~0+skip_connect~1|avg_pool_3x3~0+none~1+nor_conv_1x1~2");
    const svg = drawCell(buildCellArchitecture(settings, cell));
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="900" .*<\/svg>$/s);
    expect(svg).not.toMatch(/<script|href|url\(| id=|NaN|undefined|Infinity/);
    expect(svg.match(/<path/g)).toHaveLength(6);
    expect(svg).toContain("3×3 average pool");
  });
});
