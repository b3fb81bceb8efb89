/**
 * The header of a safetensors file: which tensor lies where. Everything a file can get wrong about sizes is found here,
 * before any memory is taken. Format: https://huggingface.co/docs/safetensors
 */

import { z } from "zod";
import { SmashError } from "../errors.js";
import type { DType } from "../tensor/index.js";

/** Bytes of the header's length, a little-endian 64-bit number at the start of the file. */
export const lengthBytes = 8;

/** The limit of the reference implementation. */
const maxHeaderBytes = 100_000_000;

/** libtorch's limit for most operations. */
const maxDimensions = 64;

export const storedTypes = {
  float32: { stored: "F32", bytes: 4 },
  float64: { stored: "F64", bytes: 8 },
  bfloat16: { stored: "BF16", bytes: 2 },
  int64: { stored: "I64", bytes: 8 },
  int32: { stored: "I32", bytes: 4 },
  uint8: { stored: "U8", bytes: 1 },
  bool: { stored: "BOOL", bytes: 1 },
} as const satisfies Record<DType, { stored: string; bytes: number }>;

const dtypes = new Map(
  (Object.keys(storedTypes) as DType[]).map((dtype) => [storedTypes[dtype].stored as string, dtype]),
);

const size = z.int().nonnegative();
const entrySchema = z.strictObject({
  dtype: z.string(),
  shape: z.array(size).max(maxDimensions),
  data_offsets: z.tuple([size, size]),
});
const metadataSchema = z.record(z.string(), z.string());

/** One tensor of the file; offsets count from the end of the header. */
export interface StoredTensor {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly start: number;
  readonly end: number;
}

export interface Header {
  readonly tensors: readonly StoredTensor[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** The error for a file that breaks a rule; `file` names it. */
export function damaged(file: string, rule: string, found: string): SmashError {
  return new SmashError("checkpoint", {
    rule: `${file} must be a whole safetensors file: ${rule}.`,
    found: `${found}.`,
    fix: "the file is damaged or of another kind; use an earlier checkpoint or save it again.",
  });
}

/** The header as it stands in a file, without the length in front. */
export function formatHeader({ tensors, metadata }: Header): string {
  const entries = tensors.map(({ name, dtype, shape, start, end }) => [
    name,
    { dtype: storedTypes[dtype].stored, shape, data_offsets: [start, end] },
  ]);
  return JSON.stringify({ __metadata__: metadata, ...Object.fromEntries(entries) });
}

/** Splits a file into its header, checked against the file's size, and the bytes behind it. */
export function parseHeader(bytes: Uint8Array, file: string): { header: Header; payload: Uint8Array } {
  if (bytes.length < lengthBytes) {
    throw damaged(file, `it starts with ${lengthBytes} bytes of length`, `${bytes.length} bytes`);
  }
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(maxHeaderBytes, bytes.length - lengthBytes))) {
    throw damaged(file, "its header lies inside it", `a header of ${length} bytes in ${bytes.length}`);
  }
  const payload = bytes.subarray(lengthBytes + Number(length));
  const text = bytes.subarray(lengthBytes, lengthBytes + Number(length));
  const { __metadata__: stored = {}, ...entries } = parseJson(text, file);
  const metadata = metadataSchema.safeParse(stored);
  if (!metadata.success)
    throw damaged(file, "__metadata__ maps names to texts", JSON.stringify(stored).slice(0, 80));
  const tensors = Object.entries(entries).map(([name, entry]) => parseEntry(name, entry, file));
  checkCoverage(tensors, payload.length, file);
  return { header: { tensors, metadata: metadata.data }, payload };
}

function parseJson(text: Uint8Array, file: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(text));
  } catch (cause) {
    throw damaged(file, "its header is JSON", String(cause));
  }
  if (typeof parsed === "object" && parsed !== null && !Array.isArray(parsed)) {
    return parsed as Record<string, unknown>;
  }
  throw damaged(file, "its header is a JSON object", JSON.stringify(parsed).slice(0, 80));
}

function parseEntry(name: string, entry: unknown, file: string): StoredTensor {
  const parsed = entrySchema.safeParse(entry);
  if (!parsed.success) {
    throw damaged(file, `tensor "${name}" has dtype, shape and data_offsets`, z.prettifyError(parsed.error));
  }
  const {
    dtype: stored,
    shape,
    data_offsets: [start, end],
  } = parsed.data;
  const dtype = dtypes.get(stored);
  if (dtype === undefined) {
    throw damaged(file, `tensors are ${[...dtypes.keys()].join(", ")}`, `tensor "${name}" of ${stored}`);
  }
  const elements = shape.reduce((product, length) => product * length, 1);
  // A dimension of 0 must not hide others that no memory could hold.
  const extent = shape.reduce((product, length) => product * Math.max(1, length), 1);
  if (end - start !== elements * storedTypes[dtype].bytes || !Number.isSafeInteger(extent)) {
    const found = `"${name}", ${stored} [${shape.join(", ")}], in bytes ${start} to ${end}`;
    throw damaged(file, "a tensor's span holds its elements", found);
  }
  return { name, dtype, shape, start, end };
}

/** The tensors must cover the payload without gaps or overlaps, so that every byte is accounted for. */
function checkCoverage(tensors: readonly StoredTensor[], payloadBytes: number, file: string): void {
  let covered = 0;
  for (const { name, start, end } of [...tensors].sort((a, b) => a.start - b.start || a.end - b.end)) {
    if (start !== covered) {
      throw damaged(file, "tensors follow each other", `"${name}" at byte ${start} after byte ${covered}`);
    }
    covered = end;
  }
  if (covered !== payloadBytes) {
    throw damaged(file, "tensors fill it", `${payloadBytes} bytes of data, of which tensors take ${covered}`);
  }
}
