/** The code in docs/export.md gives networks the pixels that they are trained on. */

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runInNewContext } from "node:vm";
import sharp, { type Sharp } from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { decodeImage } from "../data/folder/decode-image.js";

const documentation = readFileSync(new URL("../../docs/export.md", import.meta.url), "utf8");
const size = 16;
const [width, height] = [40, 24];
const folder = mkdtempSync(join(tmpdir(), "smash-documented-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The first block of code in this language. */
function codeOf(language: string): string {
  return new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(documentation)![1];
}

/** What the documented code for Node makes of the file, [3, size, size]. */
async function runDocumented(file: string): Promise<Uint8Array> {
  const [preparing] = /const pixels = .*?const planes = .*?;\n/s.exec(codeOf("js"))!;
  const script = `(async () => { ${preparing} return planes; })()`;
  const open = (name: string) => {
    expect(name).toBe("cat.png");
    return sharp(file);
  };
  return (await runInNewContext(script, { sharp: open, size, Uint8Array, Math })) as Uint8Array;
}

/** Another colour in every corner, and with `channels` 4 more and more transparent to the right. */
function draw(channels: 3 | 4): Sharp {
  const pixels = Uint8Array.from({ length: width * height * channels }, (_, at) => {
    const [pixel, channel] = [Math.floor(at / channels), at % channels];
    const [x, y] = [pixel % width, Math.floor(pixel / width)];
    return [(255 * x) / width, (255 * y) / height, 40, 255 - (255 * x) / width][channel];
  });
  return sharp(pixels, { raw: { width, height, channels } });
}

describe("the documented code for Node", () => {
  it.each([
    ["a plain picture", "plain.png", draw(3).png()],
    ["a picture with transparency", "transparent.png", draw(4).png()],
    ["a photograph taken on its side", "turned.jpg", draw(3).withMetadata({ orientation: 6 }).jpeg()],
    ["a grey picture", "grey.png", draw(3).toColourspace("b-w").png()],
    ["a picture of 16 bits", "deep.png", draw(3).toColourspace("rgb16").png()],
  ])("sees %s as training does", async (_, name, picture) => {
    const file = join(folder, name);
    await picture.toFile(file);
    expect(await runDocumented(file)).toEqual(await decodeImage(file, size));
  });

  it("was tried on files that are what they are said to be", async () => {
    expect(await sharp(join(folder, "transparent.png")).metadata()).toMatchObject({ hasAlpha: true });
    expect(await sharp(join(folder, "turned.jpg")).metadata()).toMatchObject({ orientation: 6 });
    expect(await sharp(join(folder, "grey.png")).metadata()).toMatchObject({ space: "b-w" });
    expect(await sharp(join(folder, "deep.png")).metadata()).toMatchObject({ depth: "ushort" });
  });
});

it("the documented code for Python turns pictures and lays them on white as well", () => {
  const python = codeOf("python");
  expect(python).toContain("ImageOps.exif_transpose(Image.open(");
  expect(python).toContain('Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)');
});
