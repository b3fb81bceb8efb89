import fc from "fast-check";
import { expect, test } from "vitest";
import { Random } from "../random.js";
import { drawMemoryBanks } from "./draw.js";
import { sampleArchitecture } from "./sample.js";
import { sampled, smallest, v1 } from "./space.fixture.js";
import { element, text } from "./svg.js";

/** The parts of a picture's paths that have this fill, one string per mark. */
function marks(svg: string, fill: string): string[] {
  const paths = [...svg.matchAll(/<path d="([^"]*)" fill="([^"]*)"/g)].filter((match) => match[2] === fill);
  return paths.flatMap((match) => match[1].split("M").slice(1));
}

test("every read and every write of an architecture has one mark, and the legend one of each", () => {
  fc.assert(
    fc.property(sampled, ({ architecture }) => {
      const svg = drawMemoryBanks(architecture);
      const layers = architecture.blocks.flatMap((block) => block.layers);
      const count = (key: "reads" | "writes") => layers.reduce((sum, layer) => sum + layer[key].length, 0);
      expect(marks(svg, "#0072b2")).toHaveLength(count("reads") + 1);
      const written = marks(svg, "#d55e00").length + marks(svg, "#ffffff").length;
      expect(written).toBe(count("writes") + 2);
    }),
  );
});

test("a drawing is self-contained, finite and closes every element it opens", () => {
  for (const settings of [smallest, v1, { ...v1, width: 30 }]) {
    const svg = drawMemoryBanks(sampleArchitecture(settings, Random.stream(1)));
    expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg" width="900" .*<\/svg>$/s);
    expect(svg).toContain("<title>Memory-bank architecture: 3 blocks");
    expect(svg).not.toMatch(/<script|href|url\(| id=|NaN|undefined|Infinity/);
    const open: string[] = [];
    for (const [, slash, name, selfClosing] of svg.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
      if (slash) expect(open.pop()).toBe(name);
      else if (!selfClosing) open.push(name);
    }
    expect(open).toEqual([]);
  }
});

test("a layer of the whole 2x2 array is labelled path by path", () => {
  const architecture = sampleArchitecture(smallest, Random.stream(1));
  const convolutions = [0, 1, 2, 3].map((position) => ({
    position,
    kernel: [3, 5] as const,
    dilation: [1, position === 3 ? 2 : 1] as const,
    groups: position === 2 ? 2 : 1,
    activation: position === 1 ? ("tanh" as const) : ("relu" as const),
  }));
  const blocks = architecture.blocks.map((block) => ({
    ...block,
    layers: block.layers.map((layer) => ({ ...layer, convolutions })),
  }));
  const svg = drawMemoryBanks({ ...architecture, blocks });
  const gated = blocks.map((block) => ({
    ...block,
    layers: block.layers.map((layer) => ({ ...layer, gates: [0, 1] })),
  }));
  const drawn = drawMemoryBanks({ ...architecture, blocks: gated }, { title: "Gated" });
  expect(drawn).toContain("dil 1×2 ⊗ gate in the middle, at the end</text>");
  expect(drawn).toContain(">Gated</text>");
  expect(svg).toContain(">3×5 → 3×5 tanh</text>");
  expect(svg).toContain(">3×5 grp 2 → 3×5 dil 1×2</text>");
});

test("what stands in a drawing is escaped", () => {
  expect(text('a < b & "c"', { x: 1.25 })).toBe('<text x="1.3">a &lt; b &amp; &quot;c&quot;</text>');
  expect(element("rect", { fill: '"', y: undefined })).toBe('<rect fill="&quot;"/>');
});
