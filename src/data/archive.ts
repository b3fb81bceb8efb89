/** Data sets that are published as one tar archive, of which only the known members are unpacked. */

import { rename, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { fileSize, makeFolder, withTemporaryFolder } from "../files.js";
import { download } from "./download.js";
import type { FetchOptions } from "./source.js";
import { md5OfFile, readVerified } from "./verify.js";
import type { PublishedFile } from "./verify.js";

export interface Archive {
  readonly url: string;
  readonly md5: string;
  /** Folder of the members inside the archive. */
  readonly folder: string;
}

export interface ArchiveOptions extends FetchOptions {
  readonly dataset: string;
  readonly archive: Archive;
  /** Files of the archive's folder with the most bytes each may have. */
  readonly members: ReadonlyMap<string, number>;
}

/** Members that are whole files with a known size. */
export function membersOf(files: readonly PublishedFile[]): ReadonlyMap<string, number> {
  return new Map(files.map(({ name, bytes }) => [name, bytes]));
}

/**
 * Unpacks the members into `workFolder`, not yet verified. The archive itself goes to `keepFolder`, where an interrupted
 * download is found again; one that a user has put there is used and stays.
 */
export async function fetchArchive(
  options: ArchiveOptions & { readonly keepFolder: string; readonly workFolder: string },
): Promise<void> {
  const { dataset, archive, members, keepFolder, workFolder, onProgress, signal } = options;
  const path = join(keepFolder, basename(new URL(archive.url).pathname));
  const isThere = (await fileSize(path)) !== undefined && (await md5OfFile(path)) === archive.md5;
  if (!isThere) {
    await download(archive.url, path, {
      md5: archive.md5,
      signal,
      onProgress: ({ received: done, total }) =>
        onProgress?.({ kind: "progress", dataset, step: "download", unit: "bytes", done, total }),
    });
  }
  const inside = [...members].map(([name, size]): [string, number] => [`${archive.folder}/${name}`, size]);
  await unpackMembers(path, workFolder, new Map(inside));
  if (!isThere) await rm(path);
}

/** Unpacks the regular files named in `members`, none larger than given there, without their folder. */
export async function unpackMembers(
  archive: string,
  folder: string,
  members: ReadonlyMap<string, number>,
): Promise<void> {
  const { extract } = await import("tar");
  await extract({
    file: archive,
    cwd: folder,
    strip: 1,
    filter: (path, entry) =>
      "type" in entry && entry.type === "File" && entry.size <= (members.get(path) ?? -1),
  });
}

/** Nothing is moved before everything is verified. */
export async function moveVerified(
  files: readonly PublishedFile[],
  { from, to, dataset }: { readonly from: string; readonly to: string; readonly dataset: string },
): Promise<void> {
  for (const file of files) await readVerified(file, { path: join(from, file.name), dataset });
  await makeFolder(to);
  for (const file of files) await rename(join(from, file.name), join(to, file.name));
}

/** A data set whose only source is its archive: `files` are verified and moved into `folder`. */
export async function installArchive(
  folder: string,
  files: readonly PublishedFile[],
  options: Omit<ArchiveOptions, "members">,
): Promise<void> {
  const { dataset, archive, onProgress } = options;
  onProgress?.({ kind: "source", dataset, from: archive.url });
  await withTemporaryFolder(folder, async (workFolder) => {
    await fetchArchive({ ...options, members: membersOf(files), keepFolder: folder, workFolder });
    await moveVerified(files, { from: workFolder, to: folder, dataset });
  });
}
