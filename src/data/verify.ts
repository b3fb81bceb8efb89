/** Files are compared with their published size and MD5 sum (against damage, not against an attacker) before use. */

import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { SmashError } from "../errors.js";
import { fileSize } from "../files.js";

/** What is published about a file of a data set; of the uncompressed content, where it is compressed. */
export interface PublishedFile {
  readonly name: string;
  readonly bytes: number;
  /** Undefined where nobody has published one. */
  readonly md5?: string | undefined;
}

export interface FileContext {
  readonly path: string;
  readonly dataset: string;
}

export function md5Of(content: Uint8Array): string {
  return createHash("md5").update(content).digest("hex");
}

export async function md5OfFile(path: string): Promise<string> {
  const hash = createHash("md5");
  await addFile(hash, path);
  return hash.digest("hex");
}

/** Adds the bytes of a file to a sum, piece by piece; `end`: the last one of them. Default: all. */
export async function addFile(hash: Hash, path: string, part: { readonly end?: number } = {}): Promise<void> {
  for await (const chunk of createReadStream(path, part)) hash.update(chunk as Uint8Array);
}

/** Throws `data` unless `content` is the published one. */
export function verifyContent(content: Uint8Array, published: PublishedFile, context: FileContext): void {
  if (content.length !== published.bytes) throw wrongSize(content.length, published, context);
  const md5 = md5Of(content);
  if (published.md5 !== undefined && md5 !== published.md5) {
    throw new SmashError("data", {
      rule: `${context.path} must have the published MD5 sum ${published.md5}.`,
      found: `MD5 ${md5} (${content.length} bytes): the file is altered.`,
      fix: repair(context),
    });
  }
}

/** The content of the file, verified; the size is compared before anything is read. */
export async function readVerified(published: PublishedFile, context: FileContext): Promise<Uint8Array> {
  const size = await fileSize(context.path);
  if (size === undefined) {
    throw new SmashError("data", {
      rule: `The data set ${context.dataset} needs the file ${context.path}.`,
      found: "no such file.",
      fix: `\`smash data fetch ${context.dataset}\` fetches it.`,
    });
  }
  if (size !== published.bytes) throw wrongSize(size, published, context);
  const content = await readFile(context.path);
  verifyContent(content, published, context);
  return content;
}

function wrongSize(size: number, published: PublishedFile, context: FileContext): SmashError {
  return new SmashError("data", {
    rule: `${context.path} must hold ${published.bytes} bytes (MD5 ${published.md5 ?? "not published"}).`,
    found: `${size} bytes: the file is ${size < published.bytes ? "truncated" : "not the published one"}.`,
    fix: repair(context),
  });
}

function repair({ path, dataset }: FileContext): string {
  return `\`smash data fetch ${dataset}\` fetches it again; or delete ${path}.`;
}
