/** The `smash train` command that gives a run's trained network again, or the one that would train its best. */

import { isDeepStrictEqual } from "node:util";
import { applyRecipe, difference, merge, recipeNames, type RunConfig } from "../config/index.js";
import { rankTrials } from "../search/index.js";
import { quoted } from "./quoted.js";
import type { RunHistory } from "./reproduce.js";
import { trainingRecipe } from "./same-training.js";

/** What is not named is the run's, threads and device always. */
export function trainCommands({ config, trials, trained, path }: RunHistory): readonly string[] {
  const command = (data: string, ...flags: readonly string[]) =>
    [`npx smash train --data ${quoted(data)} --run ${quoted(path)}`, ...flags].join(" ");
  if (trained === undefined) return [command(config.dataset)];
  const ranked = rankTrials(trials, config.ranking.rankedBy);
  const place = ranked.findIndex((trial) => isDeepStrictEqual(trial.architecture, trained.architecture));
  if (place === -1)
    return ["# The architecture that was trained is none of the run's: its command is not known."];
  const { asked } = trained;
  const settings = asked && trainingFlags(config, asked.recipe);
  if (settings === undefined) {
    return [
      `# Number ${place + 1} was then trained for ${trained.epochs} epochs. Its version did not log --recipe and --config,`,
      "# so its command is not known.",
    ];
  }
  const { flags, file } = settings;
  const rank = place > 0 ? [`--rank ${place + 1}`] : [];
  return [
    ...(file === undefined ? [] : [`echo ${quoted(JSON.stringify(file))} > training.json`]),
    command(asked!.dataset, ...rank, ...flags),
  ];
}

interface TrainingFlags {
  readonly flags: readonly string[];
  /** What training.json holds. */
  readonly file?: object;
}

/** From the run's settings to those of the training, by the recipe that leaves the fewest others to be named. */
function trainingFlags(config: RunConfig, recipe: TrainingSettings): TrainingFlags | undefined {
  const actual = settingsOf(recipe);
  const ways = [undefined, ...recipeNames].flatMap((name) => {
    const plain = settingsOf(trainingRecipe(name === undefined ? config : applyRecipe(config, name)));
    const changes = (difference(plain, actual) ?? {}) as TrainingSettings;
    // A file cannot take away what the run or the recipe sets.
    return isDeepStrictEqual(merge(plain, changes), actual) ? [{ name, changes }] : [];
  });
  const size = ({ changes: { epochs: _, ...others } }: (typeof ways)[number]) => Object.keys(others).length;
  const way = ways.toSorted((one, other) => size(one) - size(other)).at(0);
  if (way === undefined) return undefined;
  const { epochs, ...networkTraining } = way.changes;
  const isPlain = Object.keys(networkTraining).length === 0;
  return {
    flags: [
      ...(way.name === undefined ? [] : [`--recipe ${way.name}`]),
      ...(isPlain ? [] : ["--config training.json"]),
      ...(epochs === undefined ? [] : [`--epochs ${Number(epochs)}`]),
      ...(["seed", "precision"] as const).flatMap((name) =>
        recipe[name] === config[name] ? [] : [`--${name} ${String(recipe[name])}`],
      ),
    ],
    ...(!isPlain && { file: { networkTraining } }),
  };
}

type TrainingSettings = Readonly<Record<string, unknown>>;

/** What networkTraining holds of a recipe, as in a log: without what is undefined. */
function settingsOf(recipe: TrainingSettings): TrainingSettings {
  return JSON.parse(JSON.stringify({ ...recipe, seed: undefined, precision: undefined })) as TrainingSettings;
}
