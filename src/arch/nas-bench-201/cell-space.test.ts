import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../../random.js";
import { parseCellArchitecture } from "./cell-architecture.js";
import { CellSpace } from "./cell-space.js";
import { cellEdges, formatCell, operations, parseCell } from "./cell.js";
import { buildCellArchitecture } from "./cell-settings.js";
import { countCellCost } from "./cell-cost.js";
import { cells as settings } from "../space.fixture.js";
import { cellSiteName, listCellSites } from "./cell-sites.js";
import { drawCell } from "./draw-cell.js";

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

  it.each(["uniform", "fair"] as const)("%s, gives other cells for another step or seed", (sampling) => {
    const space = new CellSpace({ ...settings, sampling });
    const drawn = [1, 2].flatMap((seed) =>
      Array.from({ length: 30 }, (_, step) =>
        formatCell(space.sampleForStep({ seed, step, steps: 30 }).cell),
      ),
    );
    // Of sixty cells among 15,625 hardly two are equal.
    expect(new Set(drawn).size).toBeGreaterThan(50);
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

  it.each([
    ["other sizes", { ...settings, channels: settings.channels + 1 }, /^channels: is \d+ in this space/],
    ["other classes", { ...settings, classes: settings.classes + 1 }, /^classes: is \d+ in this space/],
  ])("refuses a cell of a network of %s", (_, others, message) => {
    const { cell } = space.sample(Random.stream(1));
    const other = buildCellArchitecture(others, cell);
    expect(() => space.perturb(other, Random.stream(2))).toThrow(message);
  });

  it.each([-0.1, 1.1, NaN])("refuses %s, which is no probability", (probability) => {
    const architecture = space.sample(Random.stream(1));
    expect(() => space.perturb(architecture, Random.stream(2), { probability })).toThrow("between 0 and 1");
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

  it("changes every edge about equally often, and to every other operation", () => {
    const changes = cellEdges.map(() => new Set<string>());
    const counts = cellEdges.map(() => 0);
    for (let seed = 0; seed < 1200; seed++) {
      const architecture = space.sample(Random.stream(seed));
      const perturbed = space.perturb(architecture, Random.stream(seed, "perturb"));
      const { cell } = perturbed;
      expect(perturbed).toEqual({ ...architecture, cell });
      for (const [edge, operation] of cell.entries()) {
        if (operation === architecture.cell[edge]) continue;
        changes[edge].add(`${architecture.cell[edge]} ${operation}`);
        counts[edge]++;
      }
    }
    expect(changes.map(({ size }) => size)).toEqual(cellEdges.map(() => 5 * 4));
    // .15, and .85 ** 6 / 6 where no edge was drawn, of 1200: 255, standard deviation 14.
    for (const count of counts) expect(Math.abs(count - 255)).toBeLessThan(70);
  });
});

describe("settings", () => {
  it.each([
    [{ channels: 0 }, "channels 0"],
    [{ cells: 0 }, "cells 0"],
    [{ cells: 1.5 }, "cells 1.5"],
    [{ cells: 1001 }, "at most 1000 cells"],
    [{ input: { channels: 0, size: 32 } }, "input.channels 0"],
    [{ input: { channels: 3, size: 0 } }, "input.size 0"],
    [{ input: { channels: 3, size: 30 } }, "--image-size 32"],
    [{ classes: 1 }, "classes 1"],
  ])("%j cannot make a space", (wrong, hint) => {
    expect(() => new CellSpace({ ...settings, ...wrong })).toThrow(hint);
  });

  it("may be as small as a pixel for each quarter, and as long as a thousand cells a stage", () => {
    const input = { channels: 1, size: 4 };
    const edge = new CellSpace({ ...settings, channels: 1, cells: 1000, input, classes: 2 });
    const architecture = edge.sample(Random.stream(1));
    expect(parseCellArchitecture(architecture)).toEqual(architecture);
    expect(() => parseCellArchitecture({ ...architecture, cells: 1001 })).toThrow("1000");
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

  it("has the weights worked out by hand, of live edges only", () => {
    const cell = parseCell("nor_conv_3x3~0|nor_conv_1x1~0+none~1|skip_connect~0+none~1+nor_conv_3x3~2");
    const small = { ...settings, channels: 4, cells: 1, input: { channels: 3, size: 8 } };
    const sites = listCellSites(buildCellArchitecture(small, cell)).map((site) => {
      const stride = site.kind === "head" ? "" : `, stride ${site.stride}`;
      const { shape, outputSize, normalizedChannels = "none" } = site;
      return `${cellSiteName(site)}: ${shape.join(" ")} to ${outputSize}${stride}, norm ${normalizedChannels}`;
    });
    expect(sites).toEqual([
      "stem: 4 3 3 3 to 8, stride 1, norm 4",
      "stage0.cell0.edge1.nor_conv_1x1: 4 4 1 1 to 8, stride 1, norm 4",
      "stage0.cell0.edge5.nor_conv_3x3: 4 4 3 3 to 8, stride 1, norm 4",
      "stage1.reduction.first: 8 4 3 3 to 4, stride 2, norm 8",
      "stage1.reduction.second: 8 8 3 3 to 4, stride 1, norm 8",
      "stage1.reduction.shortcut: 8 4 1 1 to 4, stride 1, norm none", // after the average pool
      "stage1.cell0.edge1.nor_conv_1x1: 8 8 1 1 to 4, stride 1, norm 8",
      "stage1.cell0.edge5.nor_conv_3x3: 8 8 3 3 to 4, stride 1, norm 8",
      "stage2.reduction.first: 16 8 3 3 to 2, stride 2, norm 16",
      "stage2.reduction.second: 16 16 3 3 to 2, stride 1, norm 16",
      "stage2.reduction.shortcut: 16 8 1 1 to 2, stride 1, norm none",
      "stage2.cell0.edge1.nor_conv_1x1: 16 16 1 1 to 2, stride 1, norm 16",
      "stage2.cell0.edge5.nor_conv_3x3: 16 16 3 3 to 2, stride 1, norm 16",
      "head: 10 16 to 1, norm 16",
    ]);
  });

  it("is refused with the field that is wrong", () => {
    const architecture = space.sample(Random.stream(1));
    expect(() => parseCellArchitecture({ ...architecture, cell: ["none"] })).toThrow("cell");
    expect(() => parseCellArchitecture({ ...architecture, cels: 5 })).toThrow("cells");
    expect(() => parseCellArchitecture({ ...architecture, input: { channels: 3, size: 30 } })).toThrow(
      /multiple of 4.* 32 pixels/s,
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

  it("is drawn with its widths, and dashes where nothing passes", () => {
    // Of the six edges two carry something; the convolution to node 1 goes no further.
    const cell = parseCell("nor_conv_3x3~0|skip_connect~0+none~1|none~0+none~1+nor_conv_1x1~2");
    const svg = drawCell(buildCellArchitecture(settings, cell));
    expect(svg).toContain("3 stages of 5 cells at 16, 32, 64 channels");
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(4);
    expect(svg.match(/carries nothing/g)).toHaveLength(1);
    expect(svg).toContain("input to 1: 3×3 convolution, carries nothing");
  });
});
