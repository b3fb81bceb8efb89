import sharp from "sharp";
import { expect, it } from "vitest";
import { encodePng } from "./encode-png.js";

const planes = (...values: readonly number[][]) => Uint8Array.from(values.flat());

it.each([
  [3, planes([1, 2, 3, 4], [11, 12, 13, 14], [21, 22, 23, 24]), [1, 11, 21, 2, 12, 22]],
  [1, planes([1, 2, 3, 4]), [1, 2]],
])("an image of %i channels comes back from its PNG pixel by pixel", async (channels, image, start) => {
  const png = await encodePng(image, { channels, size: 2 });
  const { data, info } = await sharp(png)
    .toColourspace(channels === 1 ? "b-w" : "srgb")
    .raw()
    .toBuffer({
      resolveWithObject: true,
    });
  expect(info).toMatchObject({ width: 2, height: 2, channels });
  expect([...data].slice(0, start.length)).toEqual(start);
});

it("a large image is scaled down, a small one never up", async () => {
  const sizeOf = async (size: number, maxSize: number) =>
    (await sharp(await encodePng(new Uint8Array(size * size), { channels: 1, size, maxSize })).metadata())
      .width;
  expect(await sizeOf(20, 8)).toBe(8);
  expect(await sizeOf(4, 8)).toBe(4);
});
