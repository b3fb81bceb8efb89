/** Brings one file of the MNIST family into the data folder: Debian's copy if it is good, else the download. */

import { join } from "node:path";
import { SmashError } from "../errors.js";
import { fileSize, makeFolder, replaceFile, withTemporaryFolder } from "../files.js";
import { download } from "./download.js";
import { readMnistFile, readPublished } from "./mnist-files.js";
import type { MnistFamily } from "./mnist-files.js";
import type { FetchOptions } from "./source.js";
import type { PublishedFile } from "./verify.js";

export interface MnistFetchOptions extends FetchOptions {
  readonly family: MnistFamily;
  readonly dataDir: string;
}

/** Does nothing when a good file lies in one of the known places. Errors: `network`, `interrupted`. */
export async function fetchMnistFile(file: PublishedFile, options: MnistFetchOptions): Promise<void> {
  const { family, dataDir } = options;
  if (await isGood(() => readMnistFile(file, family, dataDir))) return;
  const folder = join(dataDir, family.name);
  const content = (await readDebianCopy(file, options)) ?? (await downloadContent(file, folder, options));
  await makeFolder(folder);
  // The plain file is looked for first, so it also takes the place of a bad .gz beside it.
  await replaceFile(join(folder, file.name), Buffer.from(content));
}

async function readDebianCopy(
  file: PublishedFile,
  { family, onProgress }: MnistFetchOptions,
): Promise<Uint8Array | undefined> {
  if (!family.debian) return undefined;
  const path = join(family.debian.folder, `${file.name}.gz`);
  if ((await fileSize(path)) === undefined) return undefined;
  onProgress?.({ kind: "source", dataset: family.name, from: path });
  try {
    return await readPublished(path, file, family.name);
  } catch (error) {
    if (!(error instanceof SmashError)) throw error;
    const reason = error.details.found;
    onProgress?.({ kind: "source-failed", dataset: family.name, from: path, reason });
    return undefined;
  }
}

async function downloadContent(
  file: PublishedFile,
  folder: string,
  { family, onProgress, signal }: MnistFetchOptions,
): Promise<Uint8Array> {
  const dataset = family.name;
  const url = `${family.address}${file.name}.gz`;
  onProgress?.({ kind: "source", dataset, from: url });
  try {
    return await withTemporaryFolder(folder, async (workFolder) => {
      const path = join(workFolder, `${file.name}.gz`);
      await download(url, path, {
        signal,
        onProgress: ({ received, total }) =>
          onProgress?.({ kind: "progress", dataset, step: "download", unit: "bytes", done: received, total }),
      });
      return await readPublished(path, file, dataset);
    });
  } catch (error) {
    if (!(error instanceof SmashError) || error.code === "interrupted") throw error;
    const install = family.debian ? `\`apt install ${family.debian.package}\`, or ` : "";
    throw new SmashError("network", {
      rule: `${url} must send the published file (MD5 of its content ${file.md5 ?? "not published"}).`,
      found: error.details.found,
      fix: `${install}put the four files of ${family.address} into ${folder}, or check the network and try again.`,
      cause: error,
    });
  }
}

async function isGood(read: () => Promise<unknown>): Promise<boolean> {
  try {
    await read();
    return true;
  } catch (error) {
    if (error instanceof SmashError) return false;
    throw error;
  }
}
