import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Random } from "../random.js";
import { countCost } from "./any-architecture.js";
import { createSpace } from "./create-space.js";
import { architectureFeatures } from "./features.js";
import { sampleArchitecture } from "./sample.js";
import { cells, sampled, v2 } from "./space.fixture.js";

describe("the features of an architecture", () => {
  it("are finite numbers, of the same names in all of a space", () => {
    fc.assert(
      fc.property(sampled, ({ settings, architecture, seed }) => {
        const features = architectureFeatures(architecture);
        expect(Object.values(features).every(Number.isFinite)).toBe(true);
        const other = sampleArchitecture(settings, Random.stream(seed, "other"));
        expect(Object.keys(architectureFeatures(other))).toEqual(Object.keys(features));
      }),
      { numRuns: 500 },
    );
  });

  it("are averages over a block's layers and convolutions, channels counted and not banks", () => {
    const plain = { position: 0, kernel: [3, 3], dilation: [1, 1], groups: 1, activation: "relu" } as const;
    const layer = { reads: [0], writes: [0], units: 4, bottleneck: 8, convolutions: [plain], gates: [] };
    const wide = {
      ...{ reads: [0, 1], writes: [1, 2], units: 8, bottleneck: 4, gates: [1] },
      convolutions: [
        { ...plain, dilation: [3, 3] },
        { ...plain, position: 2, kernel: [1, 7], groups: 4, activation: "tanh" },
      ],
    } as const;
    const architecture = {
      ...sampleArchitecture(v2, Random.stream(0)),
      blocks: [{ bankChannels: 4, inputChannels: 8, layers: [layer, wide] }],
    };
    const { logParameters, logFlops, ...features } = architectureFeatures(architecture);
    const cost = countCost(architecture);
    expect([Math.exp(logParameters), Math.exp(logFlops)]).toEqual([
      expect.closeTo(cost.parameters, 3),
      expect.closeTo(cost.flops, 0),
    ]);
    expect(features).toEqual({
      "block0.layers": 2,
      "block0.bankChannels": 4,
      "block0.reads": 6,
      "block0.writes": 6,
      "block0.units": 6,
      "block0.bottleneck": 6,
      "block0.convolutions": 1.5,
      "block0.gates": 0.5,
      "block0.logKernel": expect.closeTo((2 * Math.log(9) + Math.log(7)) / 3, 10) as number,
      "block0.logDilation": expect.closeTo(Math.log(9) / 3, 10) as number,
      "block0.logGroups": expect.closeTo(Math.log(4) / 3, 10) as number,
      "block0.rectified": expect.closeTo(2 / 3, 10) as number,
    });
  });

  it("of a cell say the operation of each edge", () => {
    const space = createSpace(cells);
    const architecture = space.sample(Random.stream(1));
    const features = architectureFeatures(architecture);
    const chosen = Object.entries(features).flatMap(([name, value]) =>
      name.startsWith("edge") && value === 1 ? [name.replace(/^edge(.)(.)\./, "$1-$2 ")] : [],
    );
    const edges = ["0-1", "0-2", "1-2", "0-3", "1-3", "2-3"];
    const cell = (architecture as { readonly cell: readonly string[] }).cell;
    expect(chosen).toEqual(edges.map((edge, place) => `${edge} ${cell[place]}`));
  });
});
