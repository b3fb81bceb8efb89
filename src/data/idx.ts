/**
 * The IDX format of MNIST and its relatives: two zero bytes, a type, the number of dimensions, each dimension as a
 * big-endian 32-bit integer, then the values.
 *
 * Limits: only unsigned bytes (type 0x08), the one type these data sets use.
 */

import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { SmashError } from "../errors.js";
import { hasCode } from "../files.js";

export interface IdxArray {
  readonly dimensions: readonly number[];
  /** A view of the parsed bytes, not a copy. */
  readonly values: Uint8Array;
}

const unsignedByte = 0x08;

/** Throws `data`, naming `path`, when header and length do not agree; nothing is allocated on the header's word. */
export function parseIdx(content: Uint8Array, path: string): IdxArray {
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  if (content.length < 4) throw malformed(path, "a header of four bytes", `${content.length} bytes`);
  const zeros = view.getUint16(0);
  if (zeros !== 0)
    throw malformed(path, "two zero bytes at its start", `0x${zeros.toString(16).padStart(4, "0")}`);
  const type = content[2];
  if (type !== unsignedByte)
    throw malformed(path, "the type 0x08 (bytes)", `0x${type.toString(16).padStart(2, "0")}`);
  const rank = content[3];
  if (rank === 0) throw malformed(path, "one dimension or more", "none");
  const start = 4 + 4 * rank;
  if (content.length < start)
    throw malformed(path, `${rank} dimensions`, `a header cut at byte ${content.length}`);
  const dimensions = Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
  // At most 255 factors below 2^32: the product may lose digits or be Infinity, but never comes out small again.
  const claimed = dimensions.reduce((product, length) => product * length, 1);
  if (claimed === 0) throw malformed(path, "dimensions of at least 1", dimensions.join(" x "));
  const found = content.length - start;
  if (claimed !== found)
    throw malformed(path, `${dimensions.join(" x ")} = ${claimed} values`, `${found} bytes`);
  return { dimensions, values: content.subarray(start) };
}

const gunzipAsync = promisify(gunzip);

/** Unpacks gzip content of at most `maxBytes`; content that is not gzip is returned as it is. */
export async function unpack(
  content: Uint8Array,
  { path, maxBytes }: { readonly path: string; readonly maxBytes: number },
): Promise<Uint8Array> {
  if (content[0] !== 0x1f || content[1] !== 0x8b) return content;
  try {
    return await gunzipAsync(content, { maxOutputLength: maxBytes });
  } catch (error) {
    const found = hasCode(error, "ERR_BUFFER_TOO_LARGE") ? "more" : String(error);
    throw malformed(path, `gzip data of at most ${maxBytes} bytes`, found, error);
  }
}

function malformed(path: string, expected: string, found: string, cause?: unknown): SmashError {
  return new SmashError("data", {
    rule: `The IDX file ${path} must have ${expected}.`,
    found: `${found}.`,
    fix: "fetch the file again, or delete it.",
    cause,
  });
}
