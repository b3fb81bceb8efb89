import { existsSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  avgPool2d,
  batchNorm,
  cat,
  conv2d,
  defaultDevice,
  denseBlock,
  globalAvgPool2d,
  normal,
  normReluPool2d,
  ones,
  sameConv2d,
  scope,
  setThreads,
  zeros,
  type Tensor,
} from "./index.js";

setThreads(2);

/** Largest difference, relative to the largest value. */
function difference(found: Tensor, expected: Tensor): number {
  expect(found.shape).toEqual(expected.shape);
  return found.sub(expected).abs().max().item() / Math.max(expected.abs().max().item(), 1e-3);
}

/** Value of `f` at fresh copies of the leaves, and their gradients of sum(value * cotangent). */
function evaluate(leaves: readonly Tensor[], f: (...leaves: Tensor[]) => Tensor): Tensor[] {
  const copies = leaves.map((leaf) => leaf.clone().requireGrad());
  const value = f(...copies);
  value.mul(normal(value.shape, 99)).sum().backward();
  return [value, ...copies.map((copy) => copy.grad!)];
}

function expectSame(
  leaves: readonly Tensor[],
  [fast, plain]: readonly ((...leaves: Tensor[]) => Tensor)[],
): void {
  const [found, expected] = [evaluate(leaves, fast), evaluate(leaves, plain)];
  for (const [index, value] of expected.entries()) {
    expect(difference(found[index], value)).toBeLessThanOrEqual(2e-5);
  }
}

const odd = fc.constantFrom(1, 3, 5, 7);
const small = fc.integer({ min: 1, max: 3 });

/** Elsewhere bfloat16 is another name for float32. */
const roundsFactors =
  defaultDevice() === "cpu" &&
  existsSync("/proc/cpuinfo") &&
  /\bavx512_bf16\b/.test(readFileSync("/proc/cpuinfo", "utf8"));

describe("agreement of signs", () => {
  it("counts the values of two rows that are both above zero or both not, in any memory order", () => {
    const shape = fc.record({
      rows: fc.integer({ min: 1, max: 9 }),
      channels: fc.integer({ min: 1, max: 40 }),
      size: small,
    });
    fc.assert(
      fc.property(shape, fc.nat(), fc.boolean(), ({ rows, channels, size }, seed, isStrided) =>
        scope(() => {
          const values = normal([rows, channels, size, size], seed).relu();
          const x = isStrided ? values.permute([2, 1, 0, 3]) : values;
          const count = x.size / x.shape[0];
          const codes = x.greater(zeros([])).to({ dtype: "float32" }).reshape([x.shape[0], count]);
          const off = codes.mul(-1).add(1);
          const expected = codes.matmul(codes.transpose(0, 1)).add(off.matmul(off.transpose(0, 1)));
          const found = x.signAgreement();
          expect(found.toNumbers()).toEqual(expected.toNumbers());
          expect(found.dtype).toBe("float64");
          // The way of other devices and types.
          expect(x.to({ dtype: "float64" }).signAgreement().toNumbers()).toEqual(expected.toNumbers());
        }),
      ),
      { numRuns: 60 },
    );
  });
});

describe("a matrix product", () => {
  it("has the values and gradients of products that are added up, in any memory order", () => {
    const length = fc.integer({ min: 1, max: 70 });
    const shape = fc.record({ m: length, n: length, k: length, layout: fc.nat(3) });
    fc.assert(
      fc.property(shape, ({ m, n, k, layout }) => {
        scope(() => {
          const [isLeftTurned, isRightTurned] = [layout % 2 === 1, layout > 1];
          const turn = (x: Tensor, isTurned: boolean) => (isTurned ? x.transpose(0, 1) : x);
          expectSame(
            [normal(isLeftTurned ? [k, m] : [m, k], 1), normal(isRightTurned ? [n, k] : [k, n], 2)],
            [
              (a, b) => turn(a, isLeftTurned).matmul(turn(b, isRightTurned)),
              (a, b) =>
                turn(a, isLeftTurned)
                  .reshape([m, k, 1])
                  .mul(turn(b, isRightTurned).reshape([1, k, n]))
                  .sum({ dims: [1] }),
            ],
          );
        });
      }),
      { numRuns: 60, seed: 1 },
    );
  });

  it.each([
    ["a row", [1, 5]],
    ["a column", [6, 1]],
    ["a number", [1, 1]],
  ])("of %s that is expanded is the one of its copies, on either side", (_, shape) => {
    const copies = (x: Tensor) => x.expand([6, 5]).add(zeros([6, 5]));
    scope(() => {
      expectSame(
        [normal(shape, 1), normal([5, 7], 2)],
        [(x, other) => x.expand([6, 5]).matmul(other), (x, other) => copies(x).matmul(other)],
      );
      expectSame(
        [normal(shape, 1), normal([7, 6], 2)],
        [(x, other) => other.matmul(x.expand([6, 5])), (x, other) => other.matmul(copies(x))],
      );
    });
  });
});

describe("a convolution of our own", () => {
  it("gives the same bits every time, whichever thread was free for a part of it", () => {
    scope(() => {
      const x = normal([37, 24, 9, 9], 1).channelsLast();
      const weight = normal([8, 24, 3, 3], 2);
      const bits = () =>
        evaluate([x, weight], (x, weight) => sameConv2d(x, weight)).map((t) => t.toNumbers());
      const first = bits();
      for (let turn = 0; turn < 20; turn++) expect(bits()).toEqual(first);
    });
  });

  const size = fc.integer({ min: 1, max: 18 });
  const common = { batch: small, height: size, width: size, relu: fc.boolean() };
  const anyShape = fc.record({
    ...common,
    groups: fc.constantFrom(1, 1, 2, 3, 4, 8),
    inputs: fc.integer({ min: 1, max: 20 }),
    outputs: fc.integer({ min: 1, max: 30 }),
    kernel: fc.tuple(odd, odd),
    dilation: fc.tuple(small, small),
  });
  // Channels for which tiles of 4x4 outputs take fewer instructions than taps, and dilations that leave parts of tiles.
  const tiledShape = fc.record({
    ...common,
    groups: fc.constantFrom(1, 1, 1, 2),
    inputs: fc.integer({ min: 16, max: 70 }),
    outputs: fc.integer({ min: 16, max: 70 }),
    kernel: fc.constant<[number, number]>([3, 3]),
    dilation: fc.tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 4 })),
  });

  it.each([
    ["whatever the shape", anyShape, 150],
    ["by tiles of 4x4 outputs", tiledShape, 60],
  ])("has the values and gradients of ReLU and libtorch's convolution, %s", (_, shape, numRuns) => {
    fc.assert(
      fc.property(shape, ({ batch, height, width, groups, inputs, outputs, kernel, dilation, relu }) => {
        scope(() => {
          const x = normal([batch, inputs * groups, height, width], 1).channelsLast();
          const weight = normal([outputs * groups, inputs, ...kernel], 2);
          const padding = [(dilation[0] * (kernel[0] - 1)) / 2, (dilation[1] * (kernel[1] - 1)) / 2] as const;
          expectSame(
            [x, weight],
            [
              (x, weight) => sameConv2d(x, weight, { dilation, groups, relu }),
              // In float64, which every libtorch computes rightly: Debian 13's does not in float32, row-major.
              (x, weight) => {
                const [wideX, wideWeight] = [x, weight].map((tensor) => tensor.to({ dtype: "float64" }));
                const wide = conv2d(relu ? wideX.relu() : wideX, wideWeight, { padding, dilation, groups });
                return wide.to({ dtype: "float32" });
              },
            ],
          );
        });
      }),
      { numRuns, seed: 1 },
    );
  });

  it("in bfloat16 is the one of rounded factors, values and gradients, whatever the shape", () => {
    const rounded = (x: Tensor) => x.to({ dtype: "bfloat16" }).to({ dtype: "float32" });
    fc.assert(
      fc.property(anyShape, ({ batch, height, width, groups, inputs, outputs, kernel, dilation, relu }) => {
        scope(() => {
          // Factors, and the gradients that are factors too, are exact in bfloat16.
          const x = rounded(normal([batch, inputs * groups, height, width], 1)).channelsLast();
          const weight = rounded(normal([outputs * groups, inputs, ...kernel], 2));
          const cotangent = rounded(normal([batch, outputs * groups, height, width], 3));
          const run = (bfloat16: boolean) => {
            const [a, b] = [x.clone().requireGrad(), weight.clone().requireGrad()];
            const value = sameConv2d(a, b, { dilation, groups, relu, bfloat16 });
            value.mul(cotangent).sum().backward();
            return [value, a.grad!, b.grad!];
          };
          const expected = run(false);
          for (const [index, found] of run(true).entries()) {
            expect(difference(found, expected[index])).toBeLessThanOrEqual(2e-5);
          }
        });
      }),
      { numRuns: 100, seed: 2 },
    );
  });

  it("in bfloat16 reads nothing that it has not written", () => {
    setThreads(1);
    scope(() => {
      // Leaves what is no number where numbers are rounded.
      sameConv2d(normal([1, 8, 40, 40], 1).mul(NaN).channelsLast(), normal([8, 8, 3, 3], 2), {
        bfloat16: true,
      });
      // A band of whole vectors, of an odd number of channels: the last pair has no second number of its own.
      const x = normal([1, 1, 14, 14], 3).channelsLast();
      expect(sameConv2d(x, normal([8, 1, 3, 3], 4), { bfloat16: true }).isFinite).toBe(true);
    });
    setThreads(2);
  });

  it.runIf(roundsFactors)(
    "in bfloat16 rounds factors, where the processor multiplies pairs of halves",
    () => {
      scope(() => {
        const x = normal([4, 32, 16, 16], 1).channelsLast();
        const weight = normal([24, 32, 5, 5], 2);
        const [half, full] = [true, false].map((bfloat16) => sameConv2d(x, weight, { bfloat16 }));
        expect(difference(half, full)).toBeGreaterThan(1e-4);
      });
    },
  );

  it("in bfloat16 differs from float32 by no more than rounding does", () => {
    scope(() => {
      const x = normal([4, 32, 16, 16], 1).channelsLast();
      const weight = normal([24, 32, 3, 3], 2);
      const [half, full] = [true, false].map((bfloat16) => sameConv2d(x, weight, { bfloat16 }));
      expect(difference(half, full)).toBeLessThan(0.01);
    });
  });

  it("works on bands of images that are larger than the cache", () => {
    scope(() => {
      const x = normal([2, 48, 96, 96], 1).channelsLast();
      const weight = normal([40, 48, 5, 3], 2);
      expectSame(
        [x, weight],
        [
          (x, weight) => sameConv2d(x, weight, { dilation: [2, 1], relu: true }),
          (x, weight) => conv2d(x.relu(), weight, { padding: [4, 1], dilation: [2, 1] }),
        ],
      );
    });
  });

  it("lets NaN through ReLU, so that divergence is seen", () => {
    scope(() => {
      const x = normal([1, 8, 4, 4], 1).channelsLast().mul(NaN);
      expect(sameConv2d(x, normal([8, 8, 3, 3], 2), { relu: true }).isFinite).toBe(false);
    });
  });

  it("refuses a weight that does not fit, with both shapes", () => {
    expect(() => scope(() => sameConv2d(normal([1, 8, 4, 4], 1), normal([8, 6, 3, 3], 2)))).toThrow(
      /\[8, 6, 3, 3\].*\[1, 8, 4, 4\]/s,
    );
  });
});

describe("BatchNorm, ReLU and pool in one", () => {
  const pools = [1, 2, 3, "global"] as const;

  it.each(["float32", "float64"] as const)(
    "uses the batch's statistics where there are no running ones, as BatchNorm alone does: %s",
    (dtype) => {
      scope(() => {
        const x = normal([3, 8, 5, 4], 1, { dtype }).add(3).channelsLast();
        const affine = { weight: normal([8], 2, { dtype }), bias: normal([8], 3, { dtype }) };
        const expected = batchNorm(x, { ...affine, training: true }).relu();
        for (const training of [true, false]) {
          for (const found of [
            batchNorm(x, { ...affine, training }).relu(),
            normReluPool2d(x, { ...affine, training }, 1),
          ]) {
            expect(found.sub(expected).abs().max().item()).toBeLessThanOrEqual(1e-5);
          }
        }
      });
    },
  );

  it.each(pools)(
    "equals one after the other, with the batch's statistics and moved running ones: %s",
    (pool) => {
      scope(() => {
        const channels = 13;
        const x = normal([3, channels, 9, 7], 1).add(3).channelsLast();
        const [weight, bias] = [normal([channels], 2), normal([channels], 3)];
        const running = () => ({ mean: zeros([channels]), variance: ones([channels]) });
        for (const training of [true, false]) {
          const [own, plain] = [running(), running()];
          const pooled = (y: Tensor) =>
            pool === "global" ? globalAvgPool2d(y).reshape([3, channels, 1, 1]) : avgPool2d(y, pool);
          expectSame(
            [x, weight, bias],
            [
              (x, weight, bias) => normReluPool2d(x, { weight, bias, ...own, training }, pool),
              (x, weight, bias) => pooled(batchNorm(x, { weight, bias, ...plain, training }).relu()),
            ],
          );
          expect(difference(own.mean, plain.mean)).toBeLessThanOrEqual(1e-5);
          expect(difference(own.variance, plain.variance)).toBeLessThanOrEqual(1e-5);
        }
      });
    },
  );

  it("keeps its precision where the mean is far from zero", () => {
    scope(() => {
      const x = normal([4, 8, 16, 16], 1).add(1000).channelsLast();
      const options = { weight: ones([8]), bias: zeros([8]), training: true };
      const found = normReluPool2d(x, options, 1);
      const exact = batchNorm(x.to({ dtype: "float64" }), {
        weight: ones([8], { dtype: "float64" }),
        bias: zeros([8], { dtype: "float64" }),
        training: true,
      }).relu();
      expect(difference(found.to({ dtype: "float64" }), exact)).toBeLessThanOrEqual(1e-3);
    });
  });

  it.each([2, "global"] as const)("of no images is none, and leaves running statistics alone: %s", (pool) => {
    scope(() => {
      const x = zeros([0, 4, 8, 8]).channelsLast();
      const running = { mean: zeros([4]), variance: ones([4]) };
      const y = normReluPool2d(x, { weight: ones([4]), bias: zeros([4]), ...running, training: true }, pool);
      expect(y.shape).toEqual(pool === "global" ? [0, 4, 1, 1] : [0, 4, 4, 4]);
      expect(running.mean.toNumbers()).toEqual([0, 0, 0, 0]);
      expect(running.variance.toNumbers()).toEqual([1, 1, 1, 1]);
    });
  });

  it.each(["weight", "bias", "mean", "variance"] as const)(
    "refuses a %s of another length or type than the channels of x",
    (name) => {
      scope(() => {
        const x = normal([2, 4, 8, 8], 1).channelsLast();
        const pooled = (wrong: Tensor) => {
          const vectors = { weight: ones([4]), bias: ones([4]), mean: ones([4]), variance: ones([4]) };
          for (const training of [true, false]) normReluPool2d(x, { ...vectors, training, [name]: wrong }, 2);
        };
        expect(() => pooled(ones([3]))).toThrow(new RegExp(`${name} must have a value.*4 channels.*\\[3\\]`));
        expect(() => pooled(ones([4, 1]))).toThrow(/4 channels.*\[4, 1\]/);
        expect(() => pooled(ones([4], { dtype: "float64" }))).toThrow(
          new RegExp(`${name} must be float32.*Double`),
        );
      });
    },
  );
});

describe("a dense block", () => {
  it("equals leaky ReLU, normalised convolution and concatenation, layer by layer", () => {
    const shape = fc.record({
      inputs: fc.integer({ min: 1, max: 12 }),
      growth: fc.integer({ min: 1, max: 6 }),
      layers: fc.integer({ min: 1, max: 5 }),
      height: fc.integer({ min: 1, max: 5 }),
      length: fc.integer({ min: 1, max: 11 }),
    });
    fc.assert(
      fc.property(shape, ({ inputs, growth, layers, height, length }) => {
        scope(() => {
          const x = normal([inputs, height, length], 1);
          const weights = Array.from({ length: layers }, (_, layer) =>
            normal([growth, inputs + layer * growth, 3, 3], 2 + layer),
          );
          const plain = (x: Tensor, ...weights: Tensor[]) =>
            weights
              .reduce(
                (all, weight) => {
                  const normalized = weight.div(weight.norm());
                  return cat([all, conv2d(all.leakyRelu(0.02), normalized, { padding: 1 })], 1);
                },
                x.reshape([1, inputs, height, length]),
              )
              .reshape([inputs + layers * growth, height, length]);
          expectSame([x, ...weights], [(x, ...weights) => denseBlock(x, weights, { slope: 0.02 }), plain]);
        });
      }),
      { numRuns: 60, seed: 2 },
    );
  });
});
