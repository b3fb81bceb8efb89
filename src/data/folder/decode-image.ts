/** One image file, whatever its format and size, as the square of bytes that networks see. */

import { constants } from "node:fs";
import { open } from "node:fs/promises";

/** Why a file cannot be used; a few words. */
export class UnreadableImage extends Error {}

/** A file larger than this is no photograph. */
const mostFileBytes = 2 ** 28;
/** A hundred megapixels take 400 MB while they are decoded. */
const mostPixels = 100_000_000;
const secondsAllowed = 60;

/** By content, not by name: of the decoder's many formats only these are let in. */
const signatures: readonly { readonly at: number; readonly bytes: Uint8Array }[] = [
  { at: 0, bytes: Uint8Array.of(0xff, 0xd8, 0xff) }, // JPEG
  { at: 0, bytes: Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a) }, // PNG
  { at: 0, bytes: Buffer.from("GIF8") },
  { at: 8, bytes: Buffer.from("WEBP") },
];

/**
 * Turned as its EXIF data say, scaled to cover the square and cut at its centre, transparency on white, grey as equal
 * red, green and blue; of an animation the first frame. Throws UnreadableImage.
 */
export async function decodeImage(file: string, size: number): Promise<Uint8Array> {
  const content = await readContent(file);
  if (!signatures.some(({ at, bytes }) => content.subarray(at, at + bytes.length).equals(bytes))) {
    throw new UnreadableImage("not a JPEG, PNG, WebP or GIF file");
  }
  const { default: sharp } = await import("sharp");
  try {
    const { data, info } = await sharp(content, { failOn: "error", limitInputPixels: mostPixels })
      .timeout({ seconds: secondsAllowed })
      .autoOrient()
      .resize(size, size, { fit: "cover", position: "centre" })
      .flatten({ background: "white" })
      .toColourspace("srgb")
      .raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    return toPlanes(data, size * size, info.channels); // [3, size, size]
  } catch (error) {
    throw new UnreadableImage(firstLine(error), { cause: error });
  }
}

async function readContent(file: string): Promise<Buffer> {
  try {
    // What was a plain file when it was found may be a link or a pipe by now.
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const facts = await handle.stat();
      if (!facts.isFile()) throw new UnreadableImage("not a plain file");
      if (facts.size === 0) throw new UnreadableImage("empty");
      if (facts.size > mostFileBytes)
        throw new UnreadableImage(`${facts.size} bytes, more than ${mostFileBytes}`);
      return await handle.readFile();
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (error instanceof UnreadableImage) throw error;
    throw new UnreadableImage(firstLine(error), { cause: error });
  }
}

/** [pixels, channels] -> [3, pixels] */
function toPlanes(data: Uint8Array, pixels: number, channels: number): Uint8Array {
  const planes = new Uint8Array(3 * pixels);
  for (let channel = 0; channel < 3; channel++) {
    const from = Math.min(channel, channels - 1);
    for (let pixel = 0; pixel < pixels; pixel++)
      planes[channel * pixels + pixel] = data[pixel * channels + from];
  }
  return planes;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).trim().split("\n")[0].slice(0, 200);
}
