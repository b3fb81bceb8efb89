import { beforeAll, describe, expect, it } from "vitest";
import type { EncodedArchitecture } from "../arch/index.js";
import { noGrad, scope, setThreads } from "../tensor/index.js";
import { HyperNet } from "./hypernet.js";

beforeAll(() => setThreads(2));

const dimensions = { channels: 3, columnInputs: 4, rowOutputs: 4 };
const height = 2;
const settings = { denseBlocks: [1, 1], growth: 4, weightNorm: "unit" } as const;

/** Three layers of `widths` columns; layer `changed` differs in its encoding from the others. */
function encode(widths: readonly number[], changed: number): EncodedArchitecture {
  const length = widths.reduce((sum, width) => sum + width, 0);
  const data = new Float32Array(dimensions.channels * height * length).fill(-1);
  let start = 0;
  const layers = widths.map((width, layer) => {
    if (layer === changed)
      for (let row = 0; row < height; row++) data.fill(1, row * length + start, row * length + start + width);
    const columns = { block: 0, layer, start, end: start + width };
    start += width;
    return columns;
  });
  return { channels: dimensions.channels, height, length, data, layers };
}

const generate = (net: HyperNet, encoded: EncodedArchitecture) =>
  noGrad(() =>
    scope(() =>
      net
        .generate(
          encoded,
          encoded.layers.map(({ start, end }) => ({ inputs: (end - start) * 4, outputs: 8 })),
        )
        .map((weight) => weight.toNumbers()),
    ),
  );

const distance = (a: readonly number[], b: readonly number[]) =>
  Math.sqrt(a.reduce((sum, value, index) => sum + (value - b[index]) ** 2, 0));

describe("the brick layout", () => {
  it("a change of one layer's columns changes that layer's weight most, and far layers not at all", () => {
    const net = new HyperNet(settings, dimensions, { seed: 1 });
    // Two 3x3 layers see two columns to either side; the outer layers are further away than that.
    const widths = [3, 4, 3, 4, 3];
    const before = generate(net, encode(widths, -1));
    for (let layer = 0; layer < widths.length; layer++) {
      const moved = generate(net, encode(widths, layer)).map((weight, index) =>
        distance(weight, before[index]),
      );
      expect(Math.max(...moved)).toBe(moved[layer]);
      for (const [index, by] of moved.entries()) if (Math.abs(index - layer) > 1) expect(by).toBe(0);
    }
  });

  it("moving a layer along the length moves its weight with it", () => {
    const net = new HyperNet(settings, dimensions, { seed: 2 });
    const early = generate(net, encode([6, 2, 8], 1));
    const late = generate(net, encode([8, 2, 6], 1));
    expect(distance(early[1], late[1])).toBeLessThan(1e-6);
  });

  it("the noise z is zero without a seed, and changes the weights with one", () => {
    const net = new HyperNet(settings, dimensions, { seed: 3 });
    const encoded = encode([4, 4], 0);
    expect(generate(net, encoded)).toEqual(generate(net, encoded));
    const shapes = encoded.layers.map(() => ({ inputs: 16, outputs: 8 }));
    const noisy = noGrad(() =>
      scope(() => net.generate(encoded, shapes, { noiseSeed: 5 }).map((w) => w.toNumbers())),
    );
    expect(distance(noisy[0], generate(net, encoded)[0])).toBeGreaterThan(1e-3);
  });
});
