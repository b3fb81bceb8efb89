/**
 * The header of NumPy's array format (.npy): a magic word, a version, a length, and a Python dictionary of type, order
 * and shape. https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
 *
 * Limits: whole numbers, row-major. Pickled objects are refused: to read them is to run what they say.
 */

import { SmashError } from "../errors.js";

export interface NpyHeader {
  /** "u" unsigned or "i" signed, and bytes an element. */
  readonly kind: "u" | "i";
  readonly itemBytes: 1 | 2 | 4 | 8;
  readonly littleEndian: boolean;
  readonly shape: readonly number[];
  /** Bytes of the values. */
  readonly dataBytes: number;
  /** Where they begin in the file. */
  readonly dataStart: number;
}

/** A header is never longer here: a shape of two numbers takes a hundred bytes. */
export const mostHeaderBytes = 4096;

const dictionary =
  /^\s*\{\s*'descr'\s*:\s*'([^']*)'\s*,\s*'fortran_order'\s*:\s*(True|False)\s*,\s*'shape'\s*:\s*\(([^()]*)\)\s*,?\s*\}\s*$/;

/** Reads the header at the start of `bytes`, the first `mostHeaderBytes` of an array of `fileBytes` in all. Throws `data`. */
export function parseNpyHeader(
  bytes: Uint8Array,
  { path, fileBytes }: { path: string; fileBytes: number },
): NpyHeader {
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (content.length < 12 || content.toString("latin1", 0, 6) !== "\x93NUMPY") {
    throw malformed(path, "begin as a NumPy array", `${content.length} bytes`);
  }
  const [major] = content.subarray(6);
  if (major < 1 || major > 3) throw malformed(path, "have version 1, 2 or 3", `${major}`);
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? content.readUInt16LE(8) : content.readUInt32LE(8);
  const dataStart = start + length;
  if (dataStart > Math.min(content.length, mostHeaderBytes)) {
    throw malformed(path, `have a header of at most ${mostHeaderBytes} bytes inside it`, `${length} bytes`);
  }
  const text = content.toString("latin1", start, dataStart);
  const match = dictionary.exec(text);
  if (!match) throw malformed(path, "describe type, order and shape", text.slice(0, 120));
  const [, descr, fortran, dimensions] = match;
  const type = /^([<>|=])([ui])([1248])$/.exec(descr);
  if (!type) throw refusedType(path, descr);
  if (fortran === "True") throw malformed(path, "be stored row by row", "fortran_order True");
  const shape = parseShape(dimensions, path);
  const itemBytes = Number(type[3]) as NpyHeader["itemBytes"];
  const dataBytes = shape.reduce((product, size) => product * size, itemBytes);
  if (dataStart + dataBytes !== fileBytes) {
    throw malformed(
      path,
      `hold ${shape.join(" x ")} values of ${itemBytes} bytes`,
      `${fileBytes - dataStart} bytes`,
    );
  }
  return {
    kind: type[2] as "u" | "i",
    itemBytes,
    littleEndian: type[1] !== ">",
    shape,
    dataBytes,
    dataStart,
  };
}

function parseShape(text: string, path: string): readonly number[] {
  const words = text.split(",").map((word) => word.trim());
  if (words.at(-1) === "") words.pop();
  if (words.length > 8 || !words.every((word) => /^\d{1,15}$/.test(word))) {
    throw malformed(path, "have a shape of whole numbers", `(${text.slice(0, 60)})`);
  }
  return words.map(Number);
}

/** The values, each a whole number. `bytes` are the data of `header`. */
export function readIntegers(bytes: Uint8Array, header: NpyHeader): number[] {
  const { itemBytes, kind, littleEndian } = header;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: Math.floor(bytes.length / itemBytes) }, (_, index) => {
    const at = index * itemBytes;
    if (itemBytes === 1) return kind === "u" ? view.getUint8(at) : view.getInt8(at);
    if (itemBytes === 2)
      return kind === "u" ? view.getUint16(at, littleEndian) : view.getInt16(at, littleEndian);
    if (itemBytes === 4)
      return kind === "u" ? view.getUint32(at, littleEndian) : view.getInt32(at, littleEndian);
    return Number(kind === "u" ? view.getBigUint64(at, littleEndian) : view.getBigInt64(at, littleEndian));
  });
}

function refusedType(path: string, descr: string): SmashError {
  return new SmashError("data", {
    rule: `The array ${path} must hold whole numbers.`,
    found: `the type "${descr.slice(0, 40)}"${descr.includes("O") ? ", pickled Python objects" : ""}.`,
    fix: "save it again in Python with numpy.savez(file, data=data.astype('uint8'), labels=numpy.asarray(labels, 'int64')).",
  });
}

function malformed(path: string, rule: string, found: string): SmashError {
  return new SmashError("data", {
    rule: `The array ${path} must ${rule}.`,
    found: `${found}.`,
    fix: "get the file again, or save it again with numpy.savez.",
  });
}
