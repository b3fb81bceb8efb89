import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { Random } from "../random.js";
import { coverSquare, toPlanes } from "./page/resize.js";

/** Slopes, edges and noise. */
function drawPicture(width: number, height: number, random: Random): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  for (let at = 0; at < rgb.length; at++) {
    const [x, y, channel] = [Math.floor(at / 3) % width, Math.floor(at / 3 / width), at % 3];
    const slope = 70 * Math.sin((6 * x * (channel + 1)) / width) + 50 * Math.cos((9 * y) / height);
    const edge = (Math.floor((7 * x) / width) + Math.floor((5 * y) / height)) % 2 === 0 ? -30 : 30;
    rgb[at] = Math.min(255, Math.max(0, Math.round(128 + slope + edge + random.uniform(-15, 15))));
  }
  return rgb;
}

async function compare(width: number, height: number, size: number) {
  const rgb = drawPicture(width, height, Random.stream(width, height));
  const image = sharp(rgb, { raw: { width, height, channels: 3 } });
  const png = await image.clone().png().toBuffer();
  const theirs = await sharp(png).resize(size, size, { fit: "cover", position: "centre" }).raw().toBuffer();
  const rgba = new Uint8ClampedArray(await image.ensureAlpha().raw().toBuffer());
  const planes = toPlanes(coverSquare({ width, height, rgba }, size), 3);
  const differences = Array.from(planes, (value, at) => {
    const [channel, pixel] = [Math.floor(at / size ** 2), at % size ** 2];
    return Math.abs(value - theirs[pixel * 3 + channel]);
  });
  const sum = differences.reduce((total, difference) => total + difference, 0);
  return { largest: Math.max(...differences), mean: sum / differences.length };
}

describe("the browser's square", () => {
  it("is the picture itself where it has the size", async () => {
    expect(await compare(32, 32, 32)).toEqual({ largest: 0, mean: 0 });
  });

  it.each([
    [64, 64, 32],
    [100, 75, 32],
    [75, 100, 32],
    [641, 480, 32],
    [33, 47, 32],
    [17, 90, 16],
    [900, 601, 96],
  ])("of %i x %i pixels at %i is sharp's, to 2 of 255 levels", async (width, height, size) => {
    const { largest, mean } = await compare(width, height, size);
    expect(largest).toBeLessThanOrEqual(2);
    expect(mean).toBeLessThan(1);
  });

  it.each([
    [20, 24, 32],
    [40, 30, 32],
  ])("of %i x %i pixels, enlarged to %i, is sharp's to 6 levels", async (width, height, size) => {
    const { largest, mean } = await compare(width, height, size);
    expect(largest).toBeLessThanOrEqual(6);
    expect(mean).toBeLessThan(1);
  });

  it("has its channels one after the other, or its brightness", () => {
    const picture = { width: 2, height: 1, rgba: Uint8ClampedArray.from([10, 20, 30, 255, 40, 50, 60, 255]) };
    expect([...toPlanes(picture, 3)]).toEqual([10, 40, 20, 50, 30, 60]);
    expect([...toPlanes(picture, 1)]).toEqual([19, 49]);
  });
});
