/**
 * Named tensors as safetensors files, readable by every tool that knows the format.
 *
 * Values are stored bit for bit, in row-major order of their logical shape: that a tensor was channels-last in memory
 * is not recorded (`loadState` copies into whatever layout the target has). Our files carry a SHA-256 of header and
 * data in their metadata, so that an altered one is noticed; files of other tools go without. Limit: 2 GiB a file.
 */

import { createHash } from "node:crypto";
import { scope, native, Tensor, type Device } from "../tensor/index.js";
import type { NamedTensors } from "./module.js";
import {
  damaged,
  formatHeader,
  lengthBytes,
  parseHeader,
  storedTypes,
  type Header,
  type StoredTensor,
} from "./safetensors-header.js";

export type Metadata = Readonly<Record<string, string>>;

/** The metadata's name for the checksum; not available to callers. */
const checksumKey = "sha256";

/** Header and data start at multiples of this, so that readers can map the file into memory. */
const alignment = 8;

/** Of everything but the checksum itself. */
function checksum(header: Header, payload: Uint8Array): string {
  return createHash("sha256").update(formatHeader(header)).update(payload).digest("hex");
}

/** Offsets by falling element size, which keeps every tensor aligned; the header keeps the order of the names. */
function layOut(tensors: NamedTensors): readonly StoredTensor[] {
  const facts = [...tensors].map(([name, { dtype, shape, size }]) => {
    return { name, dtype, shape, bytes: size * storedTypes[dtype].bytes };
  });
  const starts = new Map<string, number>();
  let next = 0;
  for (const { name, bytes } of facts.toSorted(
    (a, b) => storedTypes[b.dtype].bytes - storedTypes[a.dtype].bytes,
  )) {
    starts.set(name, next);
    next += bytes;
  }
  return facts.map(({ bytes, ...fact }) => {
    const start = starts.get(fact.name)!;
    return { ...fact, start, end: start + bytes };
  });
}

/** The bytes of a safetensors file. */
export function encodeSafetensors(tensors: NamedTensors, metadata: Metadata = {}): Uint8Array {
  const stored = layOut(tensors);
  const payload = new Uint8Array(stored.reduce((end, tensor) => Math.max(end, tensor.end), 0));
  for (const { name, start } of stored) {
    payload.set(new Uint8Array(native().readBytes(tensors.get(name)!.handle)), start);
  }
  const sum = checksum({ tensors: stored, metadata }, payload);
  const text = new TextEncoder().encode(
    formatHeader({ tensors: stored, metadata: { ...metadata, [checksumKey]: sum } }),
  );
  const headerBytes = Math.ceil(text.length / alignment) * alignment;
  const file = new Uint8Array(lengthBytes + headerBytes + payload.length).fill(
    0x20,
    0,
    lengthBytes + headerBytes,
  );
  new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
  file.set(text, lengthBytes);
  file.set(payload, lengthBytes + headerBytes);
  return file;
}

export interface DecodeOptions {
  /** Where the tensors go; default cpu. */
  readonly device?: Device;
  /** What error messages call the file. */
  readonly file?: string;
}

/** The tensors and metadata of a safetensors file. Throws `SmashError("checkpoint")` when anything is amiss. */
export function decodeSafetensors(
  bytes: Uint8Array,
  { device = "cpu", file = "The file" }: DecodeOptions = {},
): { tensors: Map<string, Tensor>; metadata: Metadata } {
  const { header, payload } = parseHeader(bytes, file);
  const { [checksumKey]: expected, ...metadata } = header.metadata;
  if (expected !== undefined && checksum({ ...header, metadata }, payload) !== expected) {
    throw damaged(file, "its SHA-256 is the one it was saved with", "another: the contents were altered");
  }
  // Freed at the scope's end should one of them not fit into memory.
  const tensors = scope(() =>
    header.tensors.map(({ name, dtype, shape, start, end }) => {
      const handle = native().fromBytes(payload.subarray(start, end), shape, dtype, device);
      return [name, new Tensor(handle)] as const;
    }),
  );
  return { tensors: new Map(tensors), metadata };
}
