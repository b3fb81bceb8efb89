import fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../random.js";
import { traceDataFlow } from "./data-flow.js";
import { drawDataFlow } from "./draw-data-flow.js";
import { nonEmptyBanks } from "./memory-banks.js";
import { sampleArchitecture } from "./sample.js";
import { sampled, smallest } from "./space.fixture.js";

test("every layer receives the channels of the banks it reads, and every exit those of all banks", () => {
  fc.assert(
    fc.property(sampled, ({ architecture }) => {
      const { nodes, edges } = traceDataFlow(architecture);
      const received = (id: string) =>
        edges.filter(({ to }) => to === id).reduce((sum, { channels }) => sum + channels, 0);
      for (const [index, block] of architecture.blocks.entries()) {
        for (const [position, layer] of block.layers.entries()) {
          const id = `layer ${index + 1}.${position + 1}`;
          expect(received(id)).toBe(layer.reads.length * block.bankChannels);
        }
        const isLast = index === architecture.blocks.length - 1;
        const exit = isLast ? "head" : `transition ${index + 1}`;
        expect(received(exit)).toBe(nonEmptyBanks(block) * block.bankChannels);
      }
      const layers = architecture.blocks.flatMap((block) => block.layers);
      expect(nodes.filter(({ kind }) => kind === "layer")).toHaveLength(layers.length);
    }),
  );
});

test("edges lead from earlier nodes to later ones, and only the image has nothing before it", () => {
  fc.assert(
    fc.property(sampled, ({ architecture }) => {
      const { nodes, edges } = traceDataFlow(architecture);
      const place = new Map(nodes.map(({ id }, index) => [id, index]));
      expect(place.size).toBe(nodes.length);
      for (const { from, to } of edges) expect(place.get(from)).toBeLessThan(place.get(to)!);
      const reached = new Set(edges.map(({ to }) => to));
      expect(nodes.filter(({ id }) => !reached.has(id)).map(({ id }) => id)).toEqual(["image"]);
    }),
  );
});

test("a sum stands where a bank was written twice before it is read, and nowhere else", () => {
  const [block, ...others] = sampleArchitecture(smallest, Random.stream(1)).blocks;
  const [layer] = block.layers;
  const layers = [
    { ...layer, reads: [0], writes: [0, 1] },
    { ...layer, reads: [1], writes: [1] },
    { ...layer, reads: [0], writes: [0] },
  ];
  const one = { ...block, inputChannels: block.bankChannels, layers };
  const { nodes, edges } = traceDataFlow({
    ...sampleArchitecture(smallest, Random.stream(1)),
    blocks: [one, ...others],
  });
  const into = (id: string) => edges.filter(({ to }) => to === id).map(({ from }) => from);
  expect(into("layer 1.2")).toEqual(["layer 1.1"]);
  expect(into("layer 1.3")).toEqual(["0: stem + layer 1.1"]);
  expect(into("0: stem + layer 1.1")).toEqual(["stem", "layer 1.1"]);
  // Two banks hold each sum when the block ends.
  const carried = (id: string) => edges.filter(({ to }) => to === id).map(({ channels }) => channels);
  expect(carried("0: stem + layer 1.1")).toEqual([block.bankChannels, block.bankChannels]);
  const sums = nodes.filter(({ id, kind }) => kind === "sum" && id.startsWith("0: "));
  expect(sums.map(({ id }) => id)).toEqual([
    "0: stem + layer 1.1",
    "0: 0: stem + layer 1.1 + layer 1.3",
    "0: layer 1.1 + layer 1.2",
  ]);
});

test("every node says what it computes, in the numbers of its own block", () => {
  const architecture = sampleArchitecture(smallest, Random.stream(1));
  const [block] = architecture.blocks;
  const layer = { ...block.layers[0], reads: [0, 1, 2], writes: [0], units: 2, bottleneck: 4 };
  const { nodes } = traceDataFlow({
    ...architecture,
    input: { channels: 3, size: 8 },
    stem: { kernel: 5 },
    classes: 7,
    blocks: [
      { bankChannels: 2, inputChannels: 6, layers: [layer] },
      { bankChannels: 2, inputChannels: 10, layers: [layer] },
    ],
  });
  const texts = Object.fromEntries(nodes.map(({ name, steps }) => [name, steps]));
  expect(Object.keys(texts)).toEqual([
    ...["image 8×8×3", "Stem", "Layer 1.1", "sum", "Transition to block 2", "Layer 2.1", "Head"],
  ]);
  expect(texts.Stem).toEqual(["5×5 → 6"]);
  expect([texts["Layer 1.1"].at(0), texts["Layer 1.1"].at(-1)]).toEqual(["1×1 → 4", "2 units"]);
  expect(texts["Transition to block 2"]).toEqual([
    ...["BatchNorm, ReLU", "1×1 → 10", "2×2 pool → 4×4 pixels"],
  ]);
  expect(texts.Head).toEqual(["BatchNorm, ReLU", "global average pool", "7 classes"]);
});

test("the picture is self-contained, finite, the same every time, and holds every point it draws", async () => {
  for (const seed of [1, 2, 3]) {
    const architecture = sampleArchitecture(smallest, Random.stream(seed));
    const svg = (await drawDataFlow(architecture))!;
    expect(svg).toBe(await drawDataFlow(architecture));
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" .*<\/svg>$/s);
    expect(svg).not.toMatch(/<script|href|url\(| id=|NaN|undefined|Infinity/);
    const [width, height] = /viewBox="0 0 (\d+) (\d+)"/.exec(svg)!.slice(1).map(Number);
    for (const [, x, y] of svg.matchAll(/[MLQ](-?[\d.]+) (-?[\d.]+)/g)) {
      expect(Number(x)).toBeGreaterThanOrEqual(0);
      expect(Number(x)).toBeLessThanOrEqual(width);
      expect(Number(y)).toBeLessThanOrEqual(height);
    }
  }
});

test("a graph too large to be read is not drawn", async () => {
  const [block] = sampleArchitecture(smallest, Random.stream(1)).blocks;
  const layers = Array.from({ length: 30 }, (_, index) => ({
    ...block.layers[0],
    reads: Array.from({ length: index + 1 }, (_, bank) => bank),
    writes: [index + 1],
  }));
  const blocks = [{ ...block, inputChannels: block.bankChannels, layers }];
  expect(await drawDataFlow({ ...sampleArchitecture(smallest, Random.stream(1)), blocks })).toBeUndefined();
});
