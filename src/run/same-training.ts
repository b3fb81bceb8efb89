/** Whether a checkpoint is of the training that is asked for: going on with other settings would be a third training. */

import { isDeepStrictEqual } from "node:util";
import type { Architecture } from "../arch/index.js";
import type { RunConfig } from "../config/index.js";
import { describeValue, SmashError } from "../errors.js";
import type { TrainingFacts } from "./facts.js";

/** What of a configuration changes a training's results. */
export function trainingRecipe({
  seed,
  precision,
  networkTraining,
}: RunConfig): Readonly<Record<string, unknown>> {
  const settings = Object.entries(networkTraining).filter(([name]) => name !== "checkpointEvery");
  return { seed, precision, ...Object.fromEntries(settings) };
}

export interface RequestedTraining {
  readonly checkpoint: string;
  readonly dataset: string;
  readonly classes: readonly string[];
  /** MD5 of an own folder's images. */
  readonly images?: string | undefined;
  readonly architecture: Architecture;
  readonly config: RunConfig;
  readonly steps: number;
}

/** Throws `SmashError("checkpoint")` with the first thing that differs. */
export function checkSameTraining(asked: RequestedTraining, facts: TrainingFacts): void {
  const difference = findDifference(asked, facts);
  if (difference === undefined) return;
  throw new SmashError("checkpoint", {
    rule: "Training goes on only with the data set, architecture and recipe it began with.",
    found: `${asked.checkpoint} is ${difference}.`,
    fix: "give another --out: this checkpoint is then kept.",
  });
}

/** A logit stands for a class by its place alone. Undefined where all are the same. */
export function describeOtherClasses(before: readonly string[], now: readonly string[]): string | undefined {
  if (before.length !== now.length) return `for ${before.length} classes, not the ${now.length}`;
  const place = before.findIndex((name, index) => name !== now[index]);
  if (place < 0) return undefined;
  return `for "${before[place]}" as class ${place}, which is "${now[place]}"`;
}

function findDifference(
  { dataset, classes, images, architecture, config, steps }: RequestedTraining,
  facts: TrainingFacts,
): string | undefined {
  if (facts.dataset !== dataset) return `trained on ${facts.dataset}, not ${dataset}`;
  const otherClasses = describeOtherClasses(facts.classes, classes);
  if (otherClasses !== undefined) return `trained ${otherClasses} in ${dataset} now`;
  // Others would be held out now, of those that it was trained on.
  if (facts.images !== images)
    return `trained on other images than ${dataset} has now, or on these in another order`;
  if (facts.steps !== steps) return `of a schedule of ${facts.steps} steps, not ${steps}`;
  if (!isDeepStrictEqual(facts.architecture, architecture)) return "of another architecture";
  // Checkpoints of older versions do not say.
  const { recipe } = facts;
  if (!recipe) return undefined;
  const now = trainingRecipe(config);
  const names = new Set([...Object.keys(recipe), ...Object.keys(now)]);
  const name = [...names].find((key) => !isDeepStrictEqual(recipe[key], now[key]));
  return name && `trained with ${name} ${describeValue(recipe[name])}, not ${describeValue(now[name])}`;
}
