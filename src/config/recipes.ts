/**
 * Recipes: named sets of the options of normal training. Length, rates and batch size stay those of the preset. Sources of
 * every number are in docs/training.md.
 */

import { networkOptions } from "./network-options.js";
import { merge } from "./resolve-config.js";
import { parseRunConfig, type RunConfig } from "./run-config.js";

export type RecipeName = "paper" | "strong";
export const recipeNames: readonly RecipeName[] = ["paper", "strong"];

type Training = RunConfig["networkTraining"];

/** The paper's (SMASH section 4): crops, mirror images and nothing else. */
function paperRecipe(training: Training): Training {
  const isOption = (name: string) => name in networkOptions;
  const plain = Object.entries(training).filter(([name]) => !isOption(name));
  return { ...(Object.fromEntries(plain) as unknown as Training), labelSmoothing: 0 };
}

/** What later work adds, for long trainings of networks that fit their training images. */
function strongRecipe(training: Training, imageSize: number): Training {
  return {
    ...training,
    labelSmoothing: 0.1,
    cutout: Math.floor(imageSize / 2),
    mixup: 0.2,
    randAugment: { operations: 1, magnitude: 5 },
    stochasticDepth: 0.1,
    average: { decay: 0.999 },
  };
}

export function applyRecipe(config: RunConfig, name: RecipeName): RunConfig {
  const { networkTraining, space } = config;
  switch (name) {
    case "paper":
      return { ...config, networkTraining: paperRecipe(networkTraining) };
    case "strong":
      return { ...config, networkTraining: strongRecipe(networkTraining, space.input.size) };
  }
}

/** `changes`, nested as in config.json, laid over a configuration. Throws `SmashError("config")` for unknown keys. */
export function changeConfig(config: RunConfig, changes: unknown): RunConfig {
  return parseRunConfig(merge(config, changes), config);
}
