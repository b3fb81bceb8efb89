/** What the commands that compute share: the data set, the configuration, the run folder, the versions. */

import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { resolveConfig, type RunConfig } from "../config/index.js";
import { defaultDataDir, loadDataset, type Dataset } from "../data/index.js";
import { SmashError } from "../errors.js";
import { RunFolder, type Versions } from "../store/index.js";
import { native, resolveDevice } from "../tensor/index.js";
import type { CommandContext } from "./run-command.js";
import { showFetch } from "./show-fetch.js";

export function dataDirOf({ common }: CommandContext): string {
  return common.dataDir ?? defaultDataDir();
}

/** Fetches the data set if it is missing. */
export async function openDataset(name: string, context: CommandContext): Promise<Dataset> {
  const { progress, signal } = context;
  const dataset = await loadDataset(name, {
    dataDir: dataDirOf(context),
    onProgress: showFetch(progress),
    signal,
  });
  progress.stop();
  return dataset;
}

/** A configuration from preset, --config file, flags and the data set. */
export async function configure(
  {
    preset,
    dataset,
    configFile,
  }: { readonly preset: string; readonly dataset: Dataset; readonly configFile?: string | undefined },
  { common }: CommandContext,
): Promise<RunConfig> {
  const { seed, threads, precision } = common;
  return resolveConfig({
    preset,
    overrides: configFile === undefined ? {} : await readJson(configFile),
    dataset: { ...dataset, classes: dataset.classes.length },
    seed,
    device: resolveDevice(common.device),
    threads,
    precision,
  });
}

export function currentVersions(): Versions {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  const { version } = JSON.parse(text) as { readonly version: string };
  return { smash: version, node: process.versions.node, libtorch: native().torchVersion() };
}

/** Starts a run or joins the one that is there. */
export async function openRun(path: string, config: RunConfig): Promise<RunFolder> {
  const folder = new RunFolder(path);
  await folder.open(config, currentVersions());
  return folder;
}

export async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as unknown;
  } catch (cause) {
    throw new SmashError("usage", {
      rule: `${path} must be a readable JSON file.`,
      found: `${String(cause)}.`,
      fix: "correct the path or the file.",
      cause,
    });
  }
}
