/**
 * Downloads one file: into `PATH.part`, verified, then renamed, so that `PATH` is never half there.
 *
 * A part left behind is continued (HTTP Range), but only where an MD5 sum can tell whether the pieces belong together.
 * Limits: one writer a path at a time; no proxies; redirects are followed; not synced to the disk, since data sets are
 * verified at every load.
 */

import { createHash } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { SmashError } from "../errors.js";
import { fileSize, makeFolder } from "../files.js";
import { Connection, ConnectionError } from "./connection.js";
import { addFile } from "./verify.js";

export interface DownloadProgress {
  /** Bytes of the file that are there, those of an earlier try included. */
  readonly received: number;
  /** Undefined when the server does not say. */
  readonly total: number | undefined;
}

export interface DownloadOptions {
  /** Of the bytes sent. */
  readonly md5?: string | undefined;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Connections tried before giving up; only one that brought something is followed by another. Default 4. */
  readonly attempts?: number | undefined;
  /** Longest wait for the head of the answer. Default 10 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** Longest silence in the middle of the body. Default 30 s. */
  readonly stallTimeoutMs?: number | undefined;
}

/** Errors: `network` with the address; `interrupted` when `signal` fires (the part stays). */
export async function download(url: string, path: string, options: DownloadOptions = {}): Promise<void> {
  const { md5, signal, attempts = 4 } = options;
  const part = `${path}.part`;
  await makeFolder(dirname(path));
  if (md5 === undefined) await rm(part, { force: true });
  for (let attempt = 1; ; attempt++) {
    const before = (await fileSize(part)) ?? 0;
    try {
      const result = await receive(url, part, options);
      if (md5 === undefined || result.md5 === md5) break;
      // A continued part may have been of another version of the file: then once more from the start.
      await rm(part, { force: true });
      if (!result.resumed || attempt >= attempts) throw wrongContent(url, md5, result.md5);
    } catch (error) {
      if (signal?.aborted) throw interrupted(url, part);
      if (!(error instanceof ConnectionError)) throw error;
      const progressed = ((await fileSize(part)) ?? 0) > before;
      if (!progressed || attempt >= attempts) throw unreachable(url, error);
    }
  }
  await rename(part, path);
}

interface Received {
  /** Whether an earlier part was continued. */
  readonly resumed: boolean;
  /** Of the whole part. */
  readonly md5: string;
}

async function receive(url: string, part: string, options: DownloadOptions): Promise<Received> {
  const have = options.md5 === undefined ? 0 : ((await fileSize(part)) ?? 0);
  const hash = createHash("md5");
  const connection = new Connection(options);
  try {
    const answer = await connection.get(url, have);
    // The server has nothing after this part, or sends another piece: the sum tells whether the part is complete.
    if (answer.start !== 0 && answer.start !== have) {
      await addFile(hash, part);
      return { resumed: true, md5: hash.digest("hex") };
    }
    if (answer.start > 0) await addFile(hash, part);
    let received = answer.start;
    const file = await open(part, answer.start > 0 ? "a" : "w");
    try {
      for await (const chunk of answer.chunks) {
        hash.update(chunk);
        await file.appendFile(chunk);
        received += chunk.length;
        options.onProgress?.({ received, total: answer.total });
      }
    } finally {
      await file.close();
    }
    return { resumed: answer.start > 0, md5: hash.digest("hex") };
  } finally {
    connection.close();
  }
}

function wrongContent(url: string, expected: string, found: string): SmashError {
  return new SmashError("network", {
    rule: `${url} must send the file with the MD5 sum ${expected}.`,
    found: `a body with MD5 ${found}; it was deleted.`,
    fix: "try again later; if it stays so, a proxy or a login page may answer instead of the server.",
  });
}

function unreachable(url: string, error: ConnectionError): SmashError {
  return new SmashError("network", {
    rule: `${url} must be reachable.`,
    found: error.message,
    fix: "check the network and run the command again; it goes on where it stopped.",
    cause: error,
  });
}

function interrupted(url: string, part: string): SmashError {
  return new SmashError("interrupted", {
    rule: `The download of ${url} must run to its end.`,
    found: `it was stopped; what came so far is in ${part}.`,
    fix: "run the command again; it goes on where it stopped.",
  });
}
