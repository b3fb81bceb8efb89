/** Whether a data set is like the one that a network was trained on. */

import type { DatasetInfo } from "../data/index.js";
import { SmashError } from "../errors.js";
import type { NetworkFacts } from "./facts.js";
import { describeOtherClasses } from "./same-training.js";

type Fit = Pick<DatasetInfo, "name" | "channels" | "size" | "classes">;

/** How images or classes differ; undefined where they do not. */
export function describeMisfit(
  { architecture: { input }, classes }: Pick<NetworkFacts, "architecture" | "classes">,
  { name, channels, size, classes: others }: Fit,
): string | undefined {
  if (input.channels !== channels || input.size !== size) {
    return `for images of ${input.channels} x ${input.size} x ${input.size}, ${name} has ${channels} x ${size} x ${size}`;
  }
  const difference = describeOtherClasses(classes, others);
  return difference && `${difference} in ${name}`;
}

/** Throws `SmashError("checkpoint")` where they differ. */
export function requireFitting(
  { checkpoint, facts }: { readonly checkpoint: string; readonly facts: NetworkFacts },
  dataset: Fit,
): void {
  const misfit = describeMisfit(facts, dataset);
  if (misfit === undefined) return;
  throw new SmashError("checkpoint", {
    rule: "The data set must have images and classes like those the network was trained on.",
    found: `${checkpoint} is ${misfit}.`,
    fix: `give the data set it was trained on (${facts.dataset}), with images of ${facts.architecture.input.size} pixels; a class that was renamed needs its old name.`,
  });
}
