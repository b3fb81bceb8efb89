/** What the commands that compute share: the data set, the configuration, the run folder, the versions. */

import { createSpace } from "../arch/index.js";
import { findPreset, resolveConfig, type RunConfig, type SearchChoice } from "../config/index.js";
import { describeDataset, type DatasetInfo } from "../data/index.js";
import { SmashError } from "../errors.js";
import type { JobOptions } from "../run/index.js";
import type { RunFolder, Versions } from "../store/index.js";
import { native, resolveDevice } from "../tensor/index.js";
import { readConfigFile } from "./config-file.js";
import { dataDirOf } from "./data-dir.js";
import { readVersion } from "./read-version.js";
import type { CommandContext } from "./run-command.js";
import { showFetch } from "./show-fetch.js";
import { showRun } from "./show-run.js";

/** What a --config file changes; asked for before a data set is fetched. Nothing without a file. */
export async function readChanges(configFile: string | undefined): Promise<unknown> {
  return configFile === undefined ? {} : readConfigFile(configFile);
}

/**
 * Before all images are made of a size that no network of the preset's space takes. Throws `SmashError("config")`, and
 * `usage` for a preset that is none.
 */
export function requireUsableSize(preset: string, imageSize: number | undefined): void {
  const { space } = findPreset(preset);
  const { input } = space;
  createSpace({ ...space, input: { ...input, size: imageSize ?? input.size } });
}

/** Fetches the data set if it is missing and prepares it for the thread that will use it. */
export async function openDataset(
  name: string,
  context: CommandContext,
  imageSize?: number,
): Promise<DatasetInfo> {
  const { progress, signal } = context;
  const dataset = await describeDataset(name, {
    dataDir: dataDirOf(context),
    imageSize,
    onProgress: showFetch(progress),
    signal,
  });
  progress.stop();
  return dataset;
}

/** A configuration from preset, changes, flags and the data set. */
export function configure(
  {
    preset,
    dataset,
    changes = {},
    search = {},
  }: {
    readonly preset: string;
    readonly dataset: DatasetInfo;
    /** Of a --config file. */
    readonly changes?: unknown;
    readonly search?: SearchChoice | undefined;
  },
  { common }: CommandContext,
): RunConfig {
  const { seed, threads, precision } = common;
  return resolveConfig({
    preset,
    overrides: changes,
    search,
    dataset: { ...dataset, classes: dataset.classes.length },
    seed,
    device: resolveDevice(common.device),
    threads,
    precision,
  });
}

/** The options that a run's configuration has too. */
type RunOption = "device" | "threads" | "seed" | "precision";

/**
 * A run's configuration with the options that were written on this command line, as far as the command may change them:
 * the machine may be another one, and a training is its own. What belongs to the run is refused, not ignored.
 */
export function applyGiven(
  config: RunConfig,
  { common }: CommandContext,
  changeable: readonly RunOption[],
): RunConfig {
  const { device, threads, seed, precision } = common;
  const options: Pick<RunConfig, RunOption> = { device, threads, seed, precision };
  const given = Object.entries(options).filter(([name]) => common.given.has(name));
  const told = { ...config, ...Object.fromEntries(given) };
  const refused = given.find(
    ([name]) =>
      !changeable.includes(name as RunOption) && told[name as RunOption] !== config[name as RunOption],
  );
  if (refused) {
    const [name, value] = refused;
    throw new SmashError("usage", {
      rule: `--${name} belongs to the run: it is what its trials have in common.`,
      found: `--${name} ${value}, and ${config[name as RunOption]} in its config.json.`,
      fix: `leave out --${name}, or search anew with another --out.`,
    });
  }
  return { ...told, device: resolveDevice(told.device) };
}

export function currentVersions(): Versions {
  return { smash: readVersion(), node: process.versions.node, libtorch: native().torchVersion() };
}

/** How a job is run and shown: events go with their time to the run's log, where there is a run, and to the display. */
export function jobOptions({ progress, signal }: CommandContext, folder?: RunFolder): JobOptions {
  const show = showRun(progress);
  return {
    signal,
    onEvent: (event) => {
      folder?.appendEvent({ ...event, at: Date.now() });
      show(event);
    },
  };
}

/** What every job with a configuration is told of data and threads. */
export function jobPlace({ dataset, threads, space }: RunConfig, context: CommandContext) {
  return { dataset, threads, imageSize: space.input.size, dataDir: dataDirOf(context) };
}
