/** The commands that repeat a run, as exact as its folder tells. */

import { isDeepStrictEqual } from "node:util";
import type { Architecture } from "../arch/index.js";
import { presetNames, resolveConfig, type RunConfig } from "../config/index.js";
import type { DatasetInfo } from "../data/index.js";
import { planTrials, rankTrials, strategies, type Trial, type TrialOrigin } from "../search/index.js";

export interface RunHistory {
  /** The run's folder. */
  readonly path: string;
  readonly config: RunConfig;
  readonly dataset: DatasetInfo;
  /** In the order of scoring. */
  readonly trials: readonly Trial[];
  /** What was trained last. */
  readonly trained?: { readonly architecture: Architecture; readonly epochs: number } | undefined;
  /** Name of the data set it was trained on. Default: the run's. */
  readonly trainedOn?: string | undefined;
}

/** One a line, for a shell. A finished search without a trained network ends with the command that would train. */
export function reproduceCommands(history: RunHistory): readonly string[] {
  const { config, path } = history;
  const { dataset, preset, seed, threads, precision, device } = config;
  const changes = changedSettings(history);
  const settings = changes === undefined ? undefined : quoted(JSON.stringify(changes));
  const machine = [
    `--threads ${threads}`,
    ...(device === "cpu" ? [] : [`--device ${device}`]),
    ...(precision === "fp32" ? [] : [`--precision ${precision}`]),
  ].join(" ");
  const search = [
    `npx smash search --data ${quoted(dataset)}${sizeFlag(config)} --preset ${quoted(preset)}`,
    ...(settings === undefined ? [] : ["--config settings.json"]),
    `--seed ${seed} ${machine} --out ${quoted(path)}`,
  ].join(" ");
  return [
    ...(settings === undefined ? [] : [`echo ${settings} > settings.json`]),
    search,
    ...rankCommands(history),
    trainCommand(history),
  ];
}

/** What a --config file would hold; undefined where the preset alone gives this configuration. */
function changedSettings({ config, dataset }: RunHistory): unknown {
  // A run of another version may name a preset that this one has not.
  if (!presetNames.includes(config.preset)) return undefined;
  const { preset, seed, device, threads, precision } = config;
  const { input, classes } = config.space;
  const like = {
    name: config.dataset,
    channels: input.channels,
    size: input.size,
    classes,
    train: dataset.train,
  };
  const plain = resolveConfig({ preset, dataset: like, seed, device, threads, precision });
  return difference(plain, config);
}

type Tree = Readonly<Record<string, unknown>>;

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The parts of `actual` that are not as in `plain`, nested alike; undefined when there are none. */
function difference(plain: unknown, actual: unknown): unknown {
  if (isDeepStrictEqual(plain, actual)) return undefined;
  if (!isTree(plain) || !isTree(actual)) return actual;
  const parts = Object.entries(actual).map(([key, value]) => [key, difference(plain[key], value)] as const);
  const changed = parts.filter(([, value]) => value !== undefined);
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}

/** Proposed by what --strategy names, one of them a command. */
const sampled: readonly TrialOrigin[] = ["random", "evolution", "nsga2"];

/** Trials beyond the search's own came from `smash rank`, whose proposals depend on their order alone. */
function rankCommands({ config, trials, path }: RunHistory): readonly string[] {
  const origins = strategies.map(({ name }) => name);
  const sittings: Map<TrialOrigin, number>[] = [];
  let last = Infinity;
  for (const { origin } of trials.slice(planTrials(config.ranking.counts).length)) {
    const place = origins.indexOf(origin);
    const isOther = place !== last && sampled.includes(origin);
    if (place < last || (isOther && sampled.some((name) => sittings.at(-1)!.has(name)))) {
      sittings.push(new Map());
    }
    const counts = sittings.at(-1)!;
    counts.set(origin, (counts.get(origin) ?? 0) + 1);
    last = place;
  }
  return sittings.map((counts) => {
    const flags = [...counts].map(([origin, count]) => {
      if (origin === "random") return `--samples ${count}`;
      return sampled.includes(origin) ? `--strategy ${origin} --samples ${count}` : `--${origin} ${count}`;
    });
    return `npx smash rank --run ${quoted(path)} ${flags.join(" ")}`;
  });
}

/** It takes threads, device and precision from the run. */
function trainCommand({ config, trials, trained, path, trainedOn = config.dataset }: RunHistory): string {
  const ranked = rankTrials(trials, config.ranking.rankedBy);
  const rank = trained
    ? ranked.findIndex((trial) => isDeepStrictEqual(trial.architecture, trained.architecture))
    : 0;
  const isOther = trained !== undefined && trained.epochs !== config.networkTraining.epochs;
  return [
    `npx smash train --data ${quoted(trainedOn)} --run ${quoted(path)}`,
    ...(rank > 0 ? [`--rank ${rank + 1}`] : []),
    ...(isOther ? [`--epochs ${trained.epochs}`] : []),
  ].join(" ");
}

/** For a shell, where the text needs it. */
function quoted(text: string): string {
  return /^[\w:./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

/** An own folder has no size of its own. */
function sizeFlag({ dataset, space }: RunConfig): string {
  return dataset.startsWith("folder:") ? ` --image-size ${space.input.size}` : "";
}
