/**
 * One HTTP request whose waits are bounded: for the head of the answer, and for each piece of the body.
 *
 * Node's `fetch` reports every failure of the network as a TypeError with a cause; here it becomes a ConnectionError
 * with the cause's words, so that it cannot be taken for an error of the disk or of the program.
 */

import { SmashError } from "../errors.js";

/** The connection failed, as opposed to the disk or the content. */
export class ConnectionError extends Error {}

export interface Answer {
  /** Position in the file of the first byte of `chunks`; Infinity when the server has nothing from there on. */
  readonly start: number;
  /** Bytes of the whole file; undefined when the server does not say. */
  readonly total: number | undefined;
  readonly chunks: AsyncIterable<Uint8Array>;
}

export interface ConnectionOptions {
  readonly signal?: AbortSignal | undefined;
  readonly connectTimeoutMs?: number | undefined;
  readonly stallTimeoutMs?: number | undefined;
}

export class Connection {
  readonly #watchdog = new AbortController();
  readonly #signal: AbortSignal;
  readonly #connectTimeoutMs: number;
  readonly #stallTimeoutMs: number;

  constructor({ signal, connectTimeoutMs = 10_000, stallTimeoutMs = 30_000 }: ConnectionOptions) {
    this.#signal = signal ? AbortSignal.any([signal, this.#watchdog.signal]) : this.#watchdog.signal;
    this.#connectTimeoutMs = connectTimeoutMs;
    this.#stallTimeoutMs = stallTimeoutMs;
  }

  /** Asks for the file from byte `from` on. Throws ConnectionError, or SmashError `network` for a refusal. */
  async get(url: string, from: number): Promise<Answer> {
    // Without "identity" a server may compress a .gz once more, and fetch would silently unpack it.
    const headers: Record<string, string> = { "accept-encoding": "identity" };
    if (from > 0) headers["range"] = `bytes=${from}-`;
    const request = fetch(url, { headers, signal: this.#signal });
    const response = await this.#within(this.#connectTimeoutMs, request);
    if (response.status === 416 && from > 0) return { start: Infinity, total: undefined, chunks: noChunks() };
    if (!response.ok || !response.body) throw refused(url, response.status);
    const start = response.status === 206 ? rangeStart(response.headers.get("content-range")) : 0;
    const length = response.headers.get("content-length");
    const total = length === null ? undefined : start + Number(length);
    return { start, total, chunks: this.#read(response.body.getReader()) };
  }

  close(): void {
    this.#watchdog.abort(new ConnectionError("closed"));
  }

  async *#read(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Uint8Array> {
    for (;;) {
      const { done, value } = await this.#within(this.#stallTimeoutMs, reader.read());
      if (done) return;
      yield value;
    }
  }

  async #within<T>(limitMs: number, waiting: Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      this.#watchdog.abort(new ConnectionError(`no answer within ${limitMs / 1000} s`));
    }, limitMs);
    try {
      return await waiting;
    } catch (error) {
      throw error instanceof ConnectionError ? error : new ConnectionError(describe(error), { cause: error });
    } finally {
      clearTimeout(timer);
    }
  }
}

async function* noChunks(): AsyncGenerator<Uint8Array> {}

/** 12 of "bytes 12-99/100"; NaN, which equals no position, of anything else. */
function rangeStart(contentRange: string | null): number {
  return Number(/^bytes (\d+)-/.exec(contentRange ?? "")?.[1]);
}

function refused(url: string, status: number): SmashError {
  return new SmashError("network", {
    rule: `${url} must be served.`,
    found: `HTTP status ${status}.`,
    fix: "try again later, or see whether the file has moved.",
  });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  // An AggregateError (all addresses of a host failed) has no message of its own.
  const first: unknown = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error ? `${error.message}: ${first.message}` : error.message;
}
