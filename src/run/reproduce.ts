/** The commands that repeat a run, as exact as its folder tells. */

import type { Architecture } from "../arch/index.js";
import { difference, presetNames, resolveConfig, type RunConfig } from "../config/index.js";
import { publishedSize, type DatasetInfo } from "../data/index.js";
import type { Trial } from "../search/index.js";
import type { TrainEvent } from "./events.js";
import { quoted } from "./quoted.js";
import { rankCommands, type RankSitting } from "./reproduce-rank.js";
import { trainCommands } from "./reproduce-training.js";

export interface RunHistory {
  /** The run's folder. */
  readonly path: string;
  readonly config: RunConfig;
  /** Undefined where the data set is not there. */
  readonly dataset: DatasetInfo | undefined;
  /** In the order of scoring. */
  readonly trials: readonly Trial[];
  /** What `smash rank` was asked for. Older versions did not log it. */
  readonly ranks: readonly RankSitting[];
  /** What was trained last, and what was asked for; older versions did not log that. */
  readonly trained?:
    | {
        readonly architecture: Architecture;
        readonly epochs: number;
        readonly asked?: TrainEvent | undefined;
      }
    | undefined;
}

/**
 * One a line, for a shell; a comment says what is not known. A finished search without a trained network ends with the
 * command that would train.
 */
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
    ...trainCommands(history),
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
    // How many there are decides, of small sets, how many are held out; those settings are then named.
    train: dataset?.train ?? { count: Infinity },
  };
  const plain = resolveConfig({ preset, dataset: like, seed, device, threads, precision });
  return difference(plain, config);
}

/** Images of another size than the published one; an own folder has none of its own. */
function sizeFlag({ dataset, space: { input } }: RunConfig): string {
  return input.size === publishedSize(dataset) ? "" : ` --image-size ${input.size}`;
}
