import fc from "fast-check";
import { expect, it } from "vitest";
import { Random } from "../random.js";
import { fillBatch } from "./batches.js";
import { cutOut } from "./cutout.js";
import { imagesInMemory } from "./image-set.js";
import type { MemoryLayout } from "./write-image.js";

it("sets one square, cut at the border, to 0 in every channel and nothing else", () => {
  const arbitrary = fc.record({
    channels: fc.integer({ min: 1, max: 3 }),
    size: fc.integer({ min: 1, max: 12 }),
    side: fc.integer({ min: 1, max: 14 }),
    layout: fc.constantFrom<MemoryLayout>("nchw", "nhwc"),
    seed: fc.nat(),
  });
  fc.assert(
    fc.property(arbitrary, ({ channels, size, side, layout, seed }) => {
      const values = new Float32Array(channels * size * size).fill(1);
      cutOut(values, side, { channels, size, layout, random: Random.stream(seed) });
      // The same two draws.
      const random = Random.stream(seed);
      const [y, x] = [random.integer(0, size - 1), random.integer(0, size - 1)];
      const isCut = (place: number, centre: number) =>
        place >= centre - Math.floor(side / 2) && place < centre - Math.floor(side / 2) + side;
      for (let row = 0; row < size; row++) {
        for (let column = 0; column < size; column++) {
          for (let channel = 0; channel < channels; channel++) {
            const at =
              layout === "nhwc"
                ? (row * size + column) * channels + channel
                : (channel * size + row) * size + column;
            expect(values[at]).toBe(isCut(row, y) && isCut(column, x) ? 0 : 1);
          }
        }
      }
    }),
  );
});

it("in a batch leaves crops, mirror images and every other pixel as they are without it", () => {
  const random = Random.stream(2);
  const pixels = Uint8Array.from({ length: 6 * 3 * 64 }, () => random.integer(0, 255));
  const set = imagesInMemory(pixels, [0, 1, 2, 3, 4, 5]);
  const fill = (cutout?: number) =>
    fillBatch(set, [5, 4, 3, 2, 1, 0], {
      ...{ mean: [0.1, 0.1, 0.1], std: [0.3, 0.3, 0.3], layout: "nhwc" },
      augment: { pad: 2, flip: true, cutout },
      random: Random.stream(7),
    }).images;
  const [plain, cut] = [fill(), fill(4)];
  expect(fill(0)).toEqual(plain);
  const changed = cut.reduce((count, value, at) => count + Number(value !== plain[at]), 0);
  expect(changed).toBeGreaterThan(0);
  expect(changed).toBeLessThanOrEqual(6 * 3 * 16);
  for (const [at, value] of cut.entries()) if (value !== 0) expect(value).toBe(plain[at]);
});
