/**
 * A pack: a data set decoded once, in a file that is mapped instead of read.
 *
 *     count x channels x size x size   pixels, one image after the other, from byte 0 on
 *     count x 2                        labels, 16 bits, little-endian
 *     count                            parts: 0 training, 1 test, 2 left out
 *     n                                a description in JSON
 *     4                                n, little-endian
 *     8                                "SMASHPK1"
 *
 * The rest stands behind the pixels because it is known only when all images are decoded.
 */

import { z } from "zod";
import { SmashError } from "../errors.js";

export const magic = Buffer.from("SMASHPK1");
export const trailerBytes = 4 + magic.length;

/** In the order of their numbers in the file. */
export const parts = ["train", "test", "left-out"] as const;
export type Part = (typeof parts)[number];

/** More classes than a label can name, or a longer description, is no pack. */
const mostClasses = 2 ** 16;
const mostDescriptionBytes = 2 ** 28;

const count = z.int().nonnegative();

const descriptionSchema = z.strictObject({
  classes: z.array(z.string()).min(1).max(mostClasses),
  channels: z.int().positive(),
  size: z.int().positive(),
  /** Images, those left out included. */
  count,
  /** Of these, in the parts. */
  train: z.strictObject({ count }),
  test: z.strictObject({ count }),
  /** What the pack was made from: it is made again when that has changed. */
  stamp: z.string(),
  /** Of pixels, labels and parts. */
  md5: z.string(),
  /** What else was found out while the images were read. */
  details: z.unknown().optional(),
});

export type PackDescription = z.infer<typeof descriptionSchema>;

/** Where the pieces of a pack begin, in bytes. */
export interface PackLayout {
  readonly imageBytes: number;
  readonly labels: number;
  readonly parts: number;
  readonly description: number;
}

export function layoutOf({
  channels,
  size,
  count,
}: Pick<PackDescription, "channels" | "size" | "count">): PackLayout {
  const imageBytes = channels * size * size;
  const labels = count * imageBytes;
  return { imageBytes, labels, parts: labels + 2 * count, description: labels + 3 * count };
}

/** Bytes of the description, by the last bytes of a file of `fileBytes`. Throws `data`. */
export function parseTrailer(
  trailer: Uint8Array,
  { path, fileBytes }: { readonly path: string; readonly fileBytes: number },
): number {
  if (trailer.length !== trailerBytes || magic.compare(trailer, 4) !== 0) {
    throw damagedPack(path, `end with "${magic.toString()}"`, "another ending");
  }
  const length = new DataView(trailer.buffer, trailer.byteOffset).getUint32(0, true);
  if (length > Math.min(mostDescriptionBytes, fileBytes - trailerBytes)) {
    throw damagedPack(path, "hold its description", `${length} bytes of it in ${fileBytes}`);
  }
  return length;
}

/** The description in `json`, which must fit the file's size exactly. Throws `data`. */
export function parseDescription(
  json: Uint8Array,
  { path, fileBytes }: { readonly path: string; readonly fileBytes: number },
): PackDescription {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (cause) {
    throw damagedPack(path, "describe itself in JSON", String(cause));
  }
  const parsed = descriptionSchema.safeParse(value);
  if (!parsed.success) throw damagedPack(path, "describe itself", z.prettifyError(parsed.error));
  const expected = layoutOf(parsed.data).description + json.length + trailerBytes;
  if (expected !== fileBytes) throw damagedPack(path, `hold ${expected} bytes`, `${fileBytes}`);
  return parsed.data;
}

export function damagedPack(path: string, rule: string, found: string): SmashError {
  return new SmashError("data", {
    rule: `The image pack ${path} must ${rule}.`,
    found: `${found}.`,
    fix: "delete it; it is made again from the data set's own files.",
  });
}
