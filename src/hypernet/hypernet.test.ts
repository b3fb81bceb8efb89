import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import type { EncodedArchitecture } from "../arch/index.js";
import { Random } from "../random.js";
import { mean } from "../statistics/index.js";
import {
  cat,
  conv2d,
  eye,
  fromArray,
  noGrad,
  normal,
  scope,
  setThreads,
  zeros,
  type Tensor,
} from "../tensor/index.js";
import { HyperNet, type GeneratedSite } from "./hypernet.js";
import { referenceHyperNet } from "./settings.js";

beforeAll(() => setThreads(1));

const dimensions = {
  channels: 3,
  columnInputs: 4,
  outputs: [
    { name: "output", rowOutputs: 4, kernel: 1 },
    { name: "convolution0", rowOutputs: 2, kernel: 3 },
  ],
};
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

const names = dimensions.outputs.map(({ name }) => name);

/** The weight of this kind of every layer. */
const sitesOf = ({ layers }: EncodedArchitecture, output: string): GeneratedSite[] =>
  layers.map(({ start, end }, layer) => {
    const inputs = (end - start) * 4;
    return output === "output"
      ? { output, layer, shape: [8, inputs, 1, 1] }
      : { output, layer, shape: [4, inputs, 3, 3] };
  });

const generate = (net: HyperNet, encoded: EncodedArchitecture, output: string) =>
  noGrad(() =>
    scope(() => net.generate(encoded, sitesOf(encoded, output)).map((weight) => weight.toNumbers())),
  );

const distance = (a: readonly number[], b: readonly number[]) =>
  Math.sqrt(a.reduce((sum, value, index) => sum + (value - b[index]) ** 2, 0));

describe.each(names)("the brick layout of %s", (output) => {
  it("a change of one layer's columns changes that layer's weight most, and far layers not at all", () => {
    const net = new HyperNet(settings, dimensions, { seed: 1 });
    // Two 3x3 layers see two columns to either side; the outer layers are further away than that.
    const widths = [3, 4, 3, 4, 3];
    const before = generate(net, encode(widths, -1), output);
    for (let layer = 0; layer < widths.length; layer++) {
      const moved = generate(net, encode(widths, layer), output).map((weight, index) =>
        distance(weight, before[index]),
      );
      expect(Math.max(...moved)).toBe(moved[layer]);
      for (const [index, by] of moved.entries()) if (Math.abs(index - layer) > 1) expect(by).toBe(0);
    }
  });

  it("moving a layer along the length moves its weight with it", () => {
    const net = new HyperNet(settings, dimensions, { seed: 2 });
    const early = generate(net, encode([6, 2, 8], 1), output);
    const late = generate(net, encode([8, 2, 6], 1), output);
    expect(distance(early[1], late[1])).toBeLessThan(1e-6);
  });

  it("the noise z is zero without a seed, and changes the weights with one", () => {
    const net = new HyperNet(settings, dimensions, { seed: 3 });
    const encoded = encode([4, 4], 0);
    const silent = generate(net, encoded, output);
    expect(generate(net, encoded, output)).toEqual(silent);
    const sites = sitesOf(encoded, output);
    const noisy = noGrad(() =>
      scope(() => net.generate(encoded, sites, { noiseSeed: 5 }).map((w) => w.toNumbers())),
    );
    expect(distance(noisy[0], silent[0])).toBeGreaterThan(1e-3);
  });
});

describe("the network", () => {
  const small = { denseBlocks: [2, 1, 1], growth: 3, weightNorm: "unit" } as const;

  /** Its bricks of the 1x1 convolutions, from plain operators: c and a silent z -> [1, 4 outputs * 4 inputs, k, L]. */
  function plainBricks(net: HyperNet, { channels, length, data }: EncodedArchitecture): Tensor {
    const weight = (name: string) => {
      const free = net.parameters().get(name)!;
      return free.div(free.norm());
    };
    let x = cat([fromArray(data, [1, channels, height, length]), zeros([1, 1, height, length])], 1);
    for (const [block, layers] of small.denseBlocks.entries()) {
      if (block > 0) x = conv2d(x.leakyRelu(0.02), weight(`transition${block}`));
      for (let layer = 0; layer < layers; layer++) {
        x = cat([x, conv2d(x.leakyRelu(0.02), weight(`dense${block}.${layer}`), { padding: 1 })], 1);
      }
    }
    return conv2d(x.leakyRelu(0.02), weight("output"));
  }

  it("is the author's: dense blocks of leaky ReLU .02 and normalised convolutions, and a weight of norm 1", () => {
    scope(() => {
      const net = new HyperNet(small, dimensions, { seed: 6 });
      // Orthogonal first values of equal shapes have equal norms, which would hide what is not normalised.
      for (const [index, parameter] of [...net.parameters().values()].entries()) {
        noGrad(() => parameter.mulInPlace(1 + index));
      }
      const encoded = encode([3, 2], 1);
      const bricks = plainBricks(net, encoded).toNumbers();
      for (const [layer, weight] of generate(net, encoded, "output").entries()) {
        const { start, end } = encoded.layers[layer];
        const inputs = 4 * (end - start);
        const expected = weight.map((_, position) => {
          const [output, input] = [Math.floor(position / inputs), position % inputs];
          const channel = (output % 4) * 4 + (input % 4);
          const [row, column] = [Math.floor(output / 4), start + Math.floor(input / 4)];
          return bricks[(channel * height + row) * encoded.length + column];
        });
        const norm = Math.hypot(...expected);
        const wanted = expected.map((value) => value / norm);
        expect(distance(weight, wanted)).toBeLessThan(1e-5);
      }
    });
  });

  it("halves the channels between dense blocks and has no bias", () => {
    const shapes = [...new HyperNet(small, dimensions, { seed: 1 }).parameters()].map(
      ([name, { shape }]) => `${name} ${shape.join(" ")}`,
    );
    expect(shapes).toEqual([
      "dense0.0 3 4 3 3", // c and z
      "dense0.1 3 7 3 3",
      "transition1 5 10 1 1",
      "dense1.0 3 5 3 3",
      "transition2 4 8 1 1",
      "dense2.0 3 4 3 3",
      "output 16 7 1 1",
      "convolution0 72 7 1 1",
    ]);
    const odd = new HyperNet({ ...small, denseBlocks: [1, 1] }, dimensions, { seed: 1 });
    expect(odd.parameters().get("transition1")!.shape).toEqual([3, 7, 1, 1]);
  });

  it("has other first weights for every name and seed", () => {
    const nets = [1, 2].map((seed) => new HyperNet(small, dimensions, { seed }));
    const firsts = nets.flatMap((net) =>
      [...net.parameters().values()].map((weight) => String(weight.toNumbers().slice(0, 4))),
    );
    expect(new Set(firsts).size).toBe(2 * 8);
  });

  it("hears a standard normal z in every row and column, drawn from the seed, which may be 0", () => {
    // Without layers, and with the identity as its last one: outputs are by turns the leaky ReLU of c = 1 and of z.
    const outputs = [{ name: "output", rowOutputs: 2, kernel: 1 }];
    const net = new HyperNet(
      { ...small, denseBlocks: [] },
      { channels: 1, columnInputs: 1, outputs },
      { seed: 1 },
    );
    noGrad(() =>
      net
        .parameters()
        .get("output")!
        .copyFrom(eye(2).reshape([2, 2, 1, 1])),
    );
    const [rows, columns] = [8, 100];
    const encoded: EncodedArchitecture = {
      channels: 1,
      height: rows,
      length: columns,
      data: new Float32Array(rows * columns).fill(1),
      layers: [{ block: 0, layer: 0, start: 0, end: columns }],
    };
    const site = { output: "output", layer: 0, shape: [2 * rows, columns, 1, 1] } as const;
    const drawn = (noiseSeed: number) =>
      scope(() => {
        const values = net.generate(encoded, [site], { noiseSeed })[0].toNumbers();
        return Array.from({ length: rows * columns }, (_, place) => {
          const one = 2 * Math.floor(place / columns) * columns + (place % columns);
          const heard = values[one + columns] / values[one];
          return heard < 0 ? heard / 0.02 : heard;
        });
      });
    const z = drawn(0);
    expect(new Set(z.map((value) => value.toFixed(4))).size).toBeGreaterThan(0.9 * z.length);
    // Of 800 numbers: standard deviations .035 and .05.
    expect(Math.abs(mean(z))).toBeLessThan(0.15);
    expect(Math.abs(mean(z.map((value) => value ** 2)) - 1)).toBeLessThan(0.2);
    expect(drawn(0)).toEqual(z);
    expect(drawn(1)).not.toEqual(z);
  });

  it("starts from orthogonal weights", () => {
    scope(() => {
      for (const [name, parameter] of new HyperNet(small, dimensions, { seed: 2 }).parameters()) {
        const matrix = parameter.reshape([parameter.shape[0], parameter.size / parameter.shape[0]]);
        const [rows, columns] = matrix.shape;
        const gram =
          rows < columns ? matrix.matmul(matrix.transpose(0, 1)) : matrix.transpose(0, 1).matmul(matrix);
        expect(
          gram
            .sub(eye(Math.min(rows, columns)))
            .abs()
            .max()
            .item(),
          name,
        ).toBeLessThan(1e-5);
      }
    });
  });

  it("of the reference has three dense blocks of 8, 10 and 4 layers, of growth 10", () => {
    const names = [...new HyperNet(referenceHyperNet, dimensions, { seed: 1 }).parameters()];
    const layers = names.filter(([name]) => name.startsWith("dense"));
    const count = (block: number) => layers.filter(([name]) => name.startsWith(`dense${block}.`)).length;
    expect([0, 1, 2].map(count)).toEqual([8, 10, 4]);
    expect(layers.every(([, { shape }]) => shape[0] === 10)).toBe(true);
  });
});

describe.each(names)("the gradient with respect to c of a layer's weight, %s", (output) => {
  // Four 3x3 layers see four columns to either side.
  const net = new HyperNet({ denseBlocks: [2, 2], growth: 4, weightNorm: "unit" }, dimensions, { seed: 4 });
  const reach = 4;

  /** Squared gradient of one layer's weight by column: a sum over channels and rows, and over some random directions. */
  const columnEnergies = (encoded: EncodedArchitecture, layer: number, seed: number): number[] =>
    scope(() => {
      const { channels, length, data } = encoded;
      const sites = sitesOf(encoded, output);
      const total = Array<number>(length).fill(0);
      for (let direction = 0; direction < 2; direction++) {
        const c = fromArray(data, [channels, height, length]).requireGrad();
        const weight = net.generate(encoded, sites, { encoding: c })[layer];
        weight
          .mul(normal(weight.shape, seed + direction))
          .sum()
          .backward();
        const energies = c
          .grad!.pow(2)
          .sum({ dims: [0, 1] })
          .toNumbers();
        for (const [column, energy] of energies.entries()) total[column] += energy;
      }
      return total;
    });

  const layouts = fc.record({
    widths: fc.array(fc.integer({ min: 1, max: 14 }), { minLength: 2, maxLength: 5 }),
    seed: fc.nat(1e6),
  });
  const randomly = ({ widths, seed }: { readonly widths: readonly number[]; readonly seed: number }) => {
    const encoded = encode(widths, -1);
    const random = Random.stream(seed, "test");
    return { ...encoded, data: encoded.data.map(() => (random.bernoulli(0.3) ? 1 : -1)) };
  };
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

  it("is concentrated on the layer's own columns, and zero beyond what the HyperNet sees", () => {
    let wide = 0;
    fc.assert(
      fc.property(layouts, (drawn) => {
        const encoded = randomly(drawn);
        for (const [layer, { start, end }] of encoded.layers.entries()) {
          const energies = columnEnergies(encoded, layer, drawn.seed);
          expect(Math.min(...energies.slice(start, end))).toBeGreaterThan(0);
          for (const [column, energy] of energies.entries()) {
            if (column < start - reach || column >= end + reach) expect(energy).toBe(0);
          }
          // A layer narrower than what the HyperNet sees to both sides says no more of itself than its neighbours do.
          if (end - start <= 2 * reach) continue;
          wide++;
          expect(sum(energies.slice(start, end))).toBeGreaterThan(sum(energies) / 2);
        }
      }),
      { seed: 1, numRuns: 25 },
    );
    expect(wide).toBeGreaterThan(10);
  });

  it("moves with the layer along the length", () => {
    const early = columnEnergies(encode([6, 2, 8], 1), 1, 5);
    const late = columnEnergies(encode([8, 2, 6], 1), 1, 5);
    for (const [column, energy] of early.slice(0, 14).entries())
      expect(late[column + 2]).toBeCloseTo(energy, 6);
    expect(Math.max(...early)).toBeGreaterThan(1e-4);
  });
});
