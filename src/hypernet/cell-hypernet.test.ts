import { beforeAll, describe, expect, it } from "vitest";
import {
  buildCellArchitecture,
  encodeCell,
  listCellSites,
  operations,
  parseCell,
  type CellSettings,
  type EdgeSite,
} from "../arch/index.js";
import { mean } from "../statistics/index.js";
import { eye, fromArray, noGrad, scope, setThreads } from "../tensor/index.js";
import { CellHyperNet, type CellHyperNetSettings } from "./cell-hypernet.js";

beforeAll(() => setThreads(1));

const space: CellSettings = {
  name: "nas-bench-201",
  channels: 4,
  cells: 2,
  sampling: "uniform",
  input: { channels: 3, size: 8 },
  classes: 5,
};
/** Bricks of 2 by 2 channels: 2, 4 and 8 of them along the outputs and the inputs of the stages' weights. */
const settings = { width: 6, layers: 2, brick: 2, cells: 2, reductions: "residual", noise: true } as const;
/** Convolutions of both kinds, the 1x1 first; what edge 0-1 carries ends at node 1. */
const text = "avg_pool_3x3~0|nor_conv_1x1~0+none~1|nor_conv_3x3~0+none~1+nor_conv_1x1~2";
const live = text.replace("avg_pool_3x3", "none");
const architecture = buildCellArchitecture(space, parseCell(text));
const edgeSites = listCellSites(architecture).filter((site) => site.kind === "edge");

function create(changes: Partial<CellHyperNetSettings> = {}): CellHyperNet {
  const net = new CellHyperNet({ ...settings, ...changes }, space, { seed: 1 });
  // Orthogonal first values of equal shapes have equal norms, which would hide what is not divided by its own.
  for (const [index, parameter] of [...net.parameters().values()].entries())
    noGrad(() => parameter.mulInPlace(1 + index));
  return net;
}

const oneHot = (size: number, at: number) => Array.from({ length: size }, (_, index) => Number(index === at));
const oneHots = (cell: string) => parseCell(cell).flatMap((name) => oneHot(5, operations.indexOf(name)));
const leaky = (vector: readonly number[]) => vector.map((value) => (value < 0 ? 0.02 * value : value));

/** What a matrix of the HyperNet makes of a vector; divided by its norm, it is scaled for a ReLU's variance. */
type Times = (name: string, vector: readonly number[], norm?: "he") => number[];

function readMatrices(net: CellHyperNet): Times {
  const matrices = new Map(
    [...net.parameters()].map(([name, matrix]) => {
      const [values, [rows, columns]] = [matrix.toNumbers(), matrix.shape];
      const split = Array.from({ length: rows }, (_, row) =>
        values.slice(row * columns, (row + 1) * columns),
      );
      return [name, { split, gain: Math.sqrt(2 * rows) / Math.hypot(...values) }] as const;
    }),
  );
  return (name, vector, norm) => {
    const { split, gain } = matrices.get(name)!;
    const scale = norm ? gain : 1;
    return split.map((row) => scale * row.reduce((sum, value, column) => sum + value * vector[column], 0));
  };
}

/** The weight of a site, [outputs, inputs, taps], written out in plain numbers; the noise is silent. */
function plainWeight(times: Times, site: EdgeSite, whole: readonly number[]): number[] {
  const [channels, , kernel] = site.shape;
  const blocks = channels / 2;
  const bricks = Array.from({ length: blocks ** 2 }, (_, brick) => {
    const row = [
      ...whole,
      ...oneHot(6, site.edge),
      ...oneHot(2, site.operation === "nor_conv_3x3" ? 0 : 1),
      ...oneHot(3, site.stage),
      ...oneHot(2, site.cell),
      ...oneHot(8, Math.floor(brick / blocks)), // the block of outputs
      ...oneHot(8, brick % blocks),
      0, // z
    ];
    let x = times("input", row, "he");
    for (const layer of ["layer0", "layer1"]) {
      const hidden = times(`${layer}.first`, leaky(x), "he");
      const added = times(`${layer}.second`, leaky(hidden), "he");
      x = x.map((value, feature) => value + added[feature]);
    }
    return times(`output.${site.operation}`, leaky(x));
  });
  const norm = Math.hypot(...bricks.flat());
  return Array.from({ length: channels ** 2 * kernel ** 2 }, (_, position) => {
    const [pair, tap] = [Math.floor(position / kernel ** 2), position % kernel ** 2];
    const [output, input] = [Math.floor(pair / channels), pair % channels];
    const brick = bricks[Math.floor(output / 2) * blocks + Math.floor(input / 2)];
    return brick[tap * 4 + (output % 2) * 2 + (input % 2)] / norm;
  });
}

type Told = Parameters<CellHyperNet["generate"]>[1];

/** Largest difference of the sites' weights from those written out, where the whole cell is told as `whole`. */
const largestError = (net: CellHyperNet, whole: readonly number[], told?: Told) =>
  scope(() =>
    noGrad(() => {
      const weights = net.generate(architecture, told);
      const times = readMatrices(net);
      expect(weights).toHaveLength(edgeSites.length);
      const errors = edgeSites.flatMap((site, index) => {
        const expected = plainWeight(times, site, whole);
        return weights[index].toNumbers().map((value, position) => Math.abs(value - expected[position]));
      });
      return Math.max(...errors);
    }),
  );

describe("the weights of a cell's convolutions", () => {
  it("are a residual MLP's bricks, each from the cell's live edges and its own place", () => {
    expect(largestError(create(), oneHots(live))).toBeLessThan(1e-5);
  });

  it("do not know of noise where it is no input", () => {
    const net = create({ noise: false });
    expect(largestError(net, oneHots(live), { noiseSeed: 1 })).toBeLessThan(1e-5);
    expect(net.parameters().get("input")!.shape).toEqual([6, 30 + 6 + 2 + 3 + 2 + 8 + 8]);
  });

  it("keep their places where another cell is told, by its operations or as numbers", () => {
    const other = "nor_conv_3x3~0|none~0+skip_connect~1|none~0+avg_pool_3x3~1+nor_conv_1x1~2";
    expect(largestError(create(), oneHots(other), { describedAs: parseCell(other) })).toBeLessThan(1e-5);
    const numbers = Array.from({ length: 30 }, (_, feature) => Math.sin(feature));
    const encoding = fromArray(numbers, [30]);
    expect(largestError(create(), numbers, { encoding })).toBeLessThan(1e-5);
  });

  it("have a gradient with respect to the cell that they are told", () => {
    scope(() => {
      const encoding = fromArray(encodeCell(architecture.cell), [30]).requireGrad();
      create().generate(architecture, { encoding })[0].pow(3).sum().backward();
      expect(encoding.grad!.toNumbers().every((value) => value !== 0)).toBe(true);
    });
  });
});

describe("the noise z of a cell", () => {
  /** The z of every 1x1 brick, which is made to hold the leaky ReLU of 1 and, next to it, that of z. */
  const drawn = (noiseSeed: number) =>
    scope(() =>
      noGrad(() => {
        const net = new CellHyperNet({ ...settings, width: 2, layers: 0 }, space, { seed: 1 });
        const input = net.parameters().get("input")!;
        const features = input.shape[1];
        // A row has 12 ones, and the noise last.
        const zeros = Array<number>(features - 1).fill(0);
        input.copyFrom(fromArray([...zeros.map(() => 1), 0, ...zeros, 12], [2, features]));
        const output = net.parameters().get("output.nor_conv_1x1")!;
        output.copyFrom(fromArray([1, 0, 0, 1, 0, 0, 0, 0], [4, 2]));
        const weights = net.generate(architecture, { noiseSeed });
        return edgeSites.flatMap(({ operation, shape }, index) => {
          if (operation !== "nor_conv_1x1") return [];
          const values = weights[index].toNumbers(); // [outputs, inputs]
          return values.flatMap((one, position) => {
            const [output, input] = [Math.floor(position / shape[0]), position % shape[0]];
            if (output % 2 === 1 || input % 2 === 1) return [];
            const z = values[position + 1] / one;
            return [z < 0 ? z / 0.02 : z];
          });
        });
      }),
    );

  it("is standard normal, another number for every brick, and drawn from the seed, which may be 0", () => {
    const z = drawn(0);
    expect(z).toHaveLength(2 * 2 * (4 + 16 + 64));
    expect(new Set(z.map((value) => value.toFixed(4))).size).toBeGreaterThan(z.length * 0.9);
    // Of 336 numbers: standard deviations .055 and .077.
    expect(Math.abs(mean(z))).toBeLessThan(0.2);
    expect(Math.abs(mean(z.map((value) => value ** 2)) - 1)).toBeLessThan(0.3);
    expect(drawn(0)).toEqual(z);
    expect(drawn(1)).not.toEqual(z);
  });
});

describe("the first matrices", () => {
  it("are orthogonal, and others for every name and seed", () => {
    scope(() => {
      const seen = new Set<string>();
      for (const seed of [1, 2]) {
        const net = new CellHyperNet(settings, space, { seed });
        for (const [name, matrix] of net.parameters()) {
          const [rows, columns] = matrix.shape;
          const other = matrix.transpose(0, 1);
          const gram = rows < columns ? matrix.matmul(other) : other.matmul(matrix);
          const difference = gram.sub(eye(Math.min(rows, columns)));
          expect(difference.abs().max().item(), name).toBeLessThan(1e-5);
          seen.add(String(matrix.narrow(0, 0, 1).toNumbers().slice(0, 6)));
        }
      }
      expect(seen.size).toBe(2 * 7);
    });
  });
});
