/** From preset, overrides, data set and machine to the one resolved configuration. */

import { createSpace } from "../arch/index.js";
import { describeValue, SmashError } from "../errors.js";
import { requireWithin } from "../search/index.js";
import { isObject } from "./difference.js";
import { findPreset } from "./presets.js";
import { parseRunConfig, type RunConfig } from "./run-config.js";
import { chooseSearch, type SearchChoice } from "./search-choice.js";

/** What a configuration is resolved from. */
export interface ConfigRequest {
  readonly preset: string;
  /** Parts to replace, nested as in config.json: what a --config file holds. */
  readonly overrides?: unknown;
  /** Limits and numbers of trials, over those of preset and overrides. */
  readonly search?: SearchChoice;
  readonly dataset: {
    readonly name: string;
    readonly channels: number;
    readonly size: number;
    readonly classes: number;
    /** A set too small to spare the preset's validation images holds out a fifth of its training images. */
    readonly train?: { readonly count: number };
  };
  readonly seed: number;
  readonly device: string;
  readonly threads: number;
  readonly precision: "fp32" | "bf16";
}

/** `changes` laid over `base`, object by object; arrays and values are replaced. */
export function merge(base: unknown, changes: unknown): unknown {
  if (!isObject(base) || !isObject(changes)) return changes === undefined ? base : changes;
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(changes)) result[key] = merge(base[key], value);
  return result;
}

/** What is decided elsewhere may be repeated, as the config.json of another run does, but not changed. */
function requireUnchanged(decided: object, changes: unknown, path = ""): void {
  for (const [key, value] of Object.entries(decided) as [string, unknown][]) {
    const change = isObject(changes) ? changes[key] : undefined;
    if (isObject(value)) requireUnchanged(value, change, `${path}${key}.`);
    else if (change !== undefined && change !== value) {
      throw new SmashError("config", {
        rule: `${path}${key} is what flags and the data set say; a configuration file does not change it.`,
        found: `${describeValue(change)} in the file, ${describeValue(value)} without it.`,
        fix: "leave it out of the file, and give the flag if another value is meant.",
      });
    }
  }
}

function requireCandidates({ ranking: { counts } }: RunConfig): void {
  if (Object.values(counts).some((count) => count > 0)) return;
  throw new SmashError("config", {
    rule: "A search ranks at least one architecture.",
    found: `ranking.counts ${JSON.stringify(counts)}.`,
    fix: "set one of them above 0.",
  });
}

/** How many of the training images are held out: `wanted`, or a fifth where that would leave fewer than it takes. */
function heldOutImages(wanted: number, trainImages: number): number {
  return 2 * wanted > trainImages ? Math.max(1, Math.floor(trainImages / 5)) : wanted;
}

/** The same of a data set that a run's network is trained on; of its own the run has decided. */
export function heldOutFor(
  { dataset, validationImages }: Pick<RunConfig, "dataset" | "validationImages">,
  { name, train }: { readonly name: string; readonly train: { readonly count: number } },
): number {
  return name === dataset ? validationImages : heldOutImages(validationImages, train.count);
}

/** Throws `SmashError("config")` for unknown keys, for what only flags change, and for settings that cannot work. */
export function resolveConfig(request: ConfigRequest): RunConfig {
  const {
    preset: presetName,
    overrides = {},
    search = {},
    dataset,
    seed,
    device,
    threads,
    precision,
  } = request;
  const {
    name: preset,
    space,
    hypernet,
    validationImages,
    hypernetTraining,
    ranking,
    networkTraining,
  } = findPreset(presetName);
  const settings = {
    hypernet,
    validationImages: heldOutImages(validationImages, dataset.train?.count ?? Infinity),
    hypernetTraining,
    ranking,
    networkTraining,
  };
  const common = { version: 1, preset, dataset: dataset.name, seed, device, threads, precision };
  const images = { input: { channels: dataset.channels, size: dataset.size }, classes: dataset.classes };
  requireUnchanged({ ...common, space: images }, overrides);
  const base = { ...common, ...settings, space: { ...space, ...images } };
  const merged = parseRunConfig(merge(base, overrides), parseRunConfig(base));
  const config = parseRunConfig({ ...merged, ranking: chooseSearch(merged.ranking, search) });
  requireCandidates(config);
  // Both throw; better now than when the HyperNet is trained.
  requireWithin(createSpace(config.space), config.ranking.limits);
  return config;
}
