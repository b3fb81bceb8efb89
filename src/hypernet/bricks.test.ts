import { beforeAll, describe, expect, it } from "vitest";
import { normal, scope, setThreads } from "../tensor/index.js";
import { layBricks } from "./bricks.js";

beforeAll(() => setThreads(1));

const layout = { brick: 2, blocks: 3, kernel: 3 } as const;
const columns = layout.kernel ** 2 * layout.brick ** 2;
const channels = layout.brick * layout.blocks;

describe("bricks", () => {
  it("land each in its own weight, outputs, inputs and tap", () => {
    scope(() => {
      const rows = normal([2 * layout.blocks ** 2, columns], 1);
      const values = rows.toNumbers();
      const weights = layBricks(rows, layout);
      expect(weights).toHaveLength(2);
      for (const [index, weight] of weights.entries()) {
        const part = values.slice(index * (values.length / 2), (index + 1) * (values.length / 2));
        const norm = Math.hypot(...part);
        const laid = weight.toNumbers(); // [outputs, inputs, height, width]
        for (let output = 0; output < channels; output++) {
          for (let input = 0; input < channels; input++) {
            for (let tap = 0; tap < 9; tap++) {
              const row = Math.floor(output / 2) * layout.blocks + Math.floor(input / 2);
              const column = tap * 4 + (output % 2) * 2 + (input % 2);
              const expected = part[row * columns + column] / norm;
              expect(laid[(output * channels + input) * 9 + tap]).toBeCloseTo(expected, 5);
            }
          }
        }
      }
    });
  });

  it("make weights of norm 1 that are channels-last without a copy", () => {
    scope(() => {
      for (const scale of [1, 1e-6]) {
        for (const weight of layBricks(normal([18, columns], 2).mul(scale), layout)) {
          expect(weight.norm().item()).toBeCloseTo(1, 5);
          expect(weight.isChannelsLast).toBe(true);
        }
      }
    });
  });

  it("of zeros stay zero", () => {
    scope(() => {
      const [weight] = layBricks(normal([9, columns], 3).mul(0), layout);
      expect(weight.norm().item()).toBe(0);
    });
  });
});
