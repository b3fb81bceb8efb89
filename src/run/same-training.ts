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

function findDifference(
  { dataset, architecture, config, steps }: RequestedTraining,
  facts: TrainingFacts,
): string | undefined {
  if (facts.dataset !== dataset) return `trained on ${facts.dataset}, not ${dataset}`;
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
