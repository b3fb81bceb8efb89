/**
 * NumPy's archives of arrays (.npz): a zip file with NAME.npy for each array. Arrays are streamed, so that memory does
 * not grow with them; nothing is written to the disk, so that names in the archive can lead nowhere.
 */

import { once } from "node:events";
import type { Readable } from "node:stream";
import { crc32 } from "node:zlib";
import type { Entry, ZipFile } from "yauzl";
import { SmashError } from "../errors.js";
import { mostHeaderBytes, parseNpyHeader } from "./npy.js";
import type { NpyHeader } from "./npy.js";

/** Arrays in an archive; the published ones have three. */
const mostEntries = 64;

export interface NpzArray {
  readonly header: NpyHeader;
  /** The values' bytes, exactly as many as the header says, or `data` is thrown. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

export class Npz {
  readonly #path: string;
  readonly #file: ZipFile;
  readonly #entries: ReadonlyMap<string, Entry>;

  private constructor(path: string, file: ZipFile, entries: ReadonlyMap<string, Entry>) {
    this.#path = path;
    this.#file = file;
    this.#entries = entries;
  }

  /** Reads the list of arrays. Throws `data` for what is no zip file. */
  static async open(path: string): Promise<Npz> {
    const { openPromise } = await import("yauzl");
    let file: ZipFile | undefined;
    try {
      file = await openPromise(path, { autoClose: false });
      const entries = new Map<string, Entry>();
      for await (const entry of file.eachEntry()) {
        if (entries.size === mostEntries) throw new Error(`more than ${mostEntries} entries`);
        entries.set(entry.fileName, entry);
      }
      return new Npz(path, file, entries);
    } catch (error) {
      file?.close();
      throw malformed(path, "be a zip file", error);
    }
  }

  close(): void {
    this.#file.close();
  }

  /** The array called `name`. Throws `data` when there is none that can be read. */
  async array(name: string): Promise<NpzArray> {
    const path = `${this.#path}/${name}.npy`;
    const entry = this.#entries.get(`${name}.npy`);
    if (!entry) throw malformed(path, "be there", [...this.#entries.keys()].join(", ").slice(0, 200));
    const head: Buffer[] = [];
    let length = 0;
    for await (const chunk of this.#bytes(entry, path)) {
      head.push(Buffer.from(chunk));
      length += chunk.length;
      if (length >= mostHeaderBytes) break;
    }
    const start = Buffer.concat(head).subarray(0, mostHeaderBytes);
    const header = parseNpyHeader(start, { path, fileBytes: entry.uncompressedSize });
    return { header, chunks: this.#data(entry, header, path) };
  }

  async *#data(entry: Entry, { dataStart, dataBytes }: NpyHeader, path: string): AsyncGenerator<Uint8Array> {
    let skip = dataStart;
    let total = 0;
    for await (const chunk of this.#bytes(entry, path)) {
      const data = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - data.length;
      total += data.length;
      if (data.length > 0) yield data;
    }
    if (total !== dataBytes) throw malformed(path, `hold ${dataBytes} bytes`, total);
  }

  /** Unpacked; never more than the archive's own list says. */
  async *#bytes(entry: Entry, path: string): AsyncGenerator<Uint8Array> {
    let stream: Readable | undefined;
    try {
      stream = await this.#file.openReadStreamPromise(entry);
      let sum = 0;
      for await (const chunk of stream) {
        sum = crc32(chunk as Uint8Array, sum);
        yield chunk as Uint8Array;
      }
      if (sum !== entry.crc32) throw new Error(`its checksum is ${sum}, not ${entry.crc32}`);
    } catch (error) {
      throw malformed(path, "be readable", error);
    } finally {
      // Whoever stops in the middle closes the archive next: its file must not be in use then.
      if (stream && !stream.closed) {
        stream.destroy();
        await once(stream, "close").catch(() => undefined);
      }
    }
  }
}

function malformed(path: string, rule: string, cause: unknown): SmashError {
  return new SmashError("data", {
    rule: `The NumPy archive ${path} must ${rule}.`,
    found: `${cause instanceof Error ? cause.message : String(cause)}.`,
    fix: "get the file again, or save it again with numpy.savez.",
    cause,
  });
}
