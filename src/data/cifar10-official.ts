/** CIFAR-10 from its authors: one archive, of which only the six known members are unpacked. */

import { join } from "node:path";
import { download } from "./download.js";
import type { FetchOptions } from "./source.js";
import type { PublishedFile } from "./verify.js";

export interface Archive {
  readonly url: string;
  readonly md5: string;
  /** Folder of the members inside the archive. */
  readonly folder: string;
}

export const officialArchive: Archive = {
  url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
  md5: "c32a1d4ab5d03f1284b67883e8d87530",
  folder: "cifar-10-batches-bin",
};

/**
 * Unpacks `files` into `workFolder`, not yet verified. The archive itself goes to `keepFolder`, where an interrupted
 * download is found again. Returns the archive's path.
 */
export async function fetchArchive(
  archive: Archive,
  files: readonly PublishedFile[],
  options: FetchOptions & { readonly keepFolder: string; readonly workFolder: string },
): Promise<string> {
  const { keepFolder, workFolder, onProgress, signal } = options;
  const path = join(keepFolder, "cifar-10-binary.tar.gz");
  await download(archive.url, path, {
    md5: archive.md5,
    signal,
    onProgress: ({ received, total }) =>
      onProgress?.({
        kind: "progress",
        dataset: "cifar10",
        step: "download",
        unit: "bytes",
        done: received,
        total,
      }),
  });
  await unpackMembers(
    path,
    workFolder,
    new Map(files.map((file) => [`${archive.folder}/${file.name}`, file.bytes])),
  );
  return path;
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
