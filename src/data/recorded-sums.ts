/**
 * MD5 sums of files for which none is published: of those that came out of a verified archive, written beside them in
 * the form `md5sum -c` reads. Files that somebody else put there have none, and only their form is checked.
 */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileSize, replaceFile } from "../files.js";
import { md5OfFile } from "./verify.js";
import type { PublishedFile } from "./verify.js";

const recordName = "MD5SUMS";
const mostBytes = 2 ** 16;

/** `files` with their recorded sums, where they have no published ones. */
export async function withRecordedSums(
  folder: string,
  files: readonly PublishedFile[],
): Promise<readonly PublishedFile[]> {
  const path = join(folder, recordName);
  const size = await fileSize(path);
  if (size === undefined || size > mostBytes) return files;
  const sums = new Map<string, string>();
  for (const line of (await readFile(path, "utf8")).split("\n")) {
    const match = /^([0-9a-f]{32}) [ *](.+)$/.exec(line);
    if (match) sums.set(match[2], match[1]);
  }
  return files.map((file) => ({ ...file, md5: file.md5 ?? sums.get(file.name) }));
}

export async function recordSums(folder: string, names: readonly string[]): Promise<void> {
  const lines: string[] = [];
  for (const name of names) lines.push(`${await md5OfFile(join(folder, name))}  ${name}\n`);
  await replaceFile(join(folder, recordName), lines.join(""));
}
