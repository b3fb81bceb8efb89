/** True errors that an earlier study has trained: other studies of the same architectures need not train them again. */

import { describeDifference, type RunConfig } from "../config/index.js";
import { SmashError } from "../errors.js";
import { StudyFolder } from "./study-folder.js";
import { truthMeasure } from "./truths.js";

/** What an earlier study has trained. */
export interface TrainedTruths {
  readonly samples: number;
  /** How they were trained. */
  readonly networkTraining: RunConfig["networkTraining"];
  readonly transferTo?: string | undefined;
  /** By training seed, then by architecture; fractions. */
  readonly errors: readonly (readonly number[])[];
}

/**
 * What decides which networks a study trains, and on which images. `batchNorm` says where a network with generated weights
 * is normalised; a trained one is everywhere.
 */
function decisiveParts({ space, seed, dataset, validationImages }: RunConfig) {
  return { dataset, seed, validationImages, space: { ...space, batchNorm: undefined } };
}

/** Truths of the study in this folder, of the seeds that are trained to their end. */
export async function readTrainedTruths(path: string, config: RunConfig): Promise<TrainedTruths> {
  const folder = new StudyFolder(path);
  const request = await folder.readRequest();
  if (request?.table !== undefined || request?.trained !== undefined || request === undefined) {
    throw new SmashError("usage", {
      rule: "--truths names the folder of a study that has trained its architectures.",
      found: request ? `${path}, whose errors come from elsewhere.` : `no study in ${path}.`,
      fix: "give the folder of a study correlation, as its --out was.",
    });
  }
  const difference = describeDifference(decisiveParts(request.config), decisiveParts(config));
  if (difference !== undefined) {
    throw new SmashError("config", {
      rule: `True errors serve another study only for the same architectures, trained on the same images (${path}).`,
      found: `${difference}.`,
      fix: `use the preset, data and seed of that study; its study.json lists them.`,
    });
  }
  const measurements = await folder.readMeasurements();
  const errors = Array.from({ length: request.seeds }, (_, seed) => {
    const ofSeed = measurements.filter(({ measure }) => measure === truthMeasure(seed));
    const byItem = new Map(ofSeed.map(({ item, value }) => [item, value]));
    return Array.from({ length: request.samples }, (_, item) => byItem.get(item) ?? NaN);
  }).filter((ofSeed) => ofSeed.every((error) => Number.isFinite(error)));
  if (errors.length === 0) {
    throw new SmashError("usage", {
      rule: "A study that gives its true errors to others has trained all its architectures, with one seed at least.",
      found: `${path}, which has not.`,
      fix: "run that study to its end.",
    });
  }
  const { samples, transferTo } = request;
  return { samples, transferTo, networkTraining: request.config.networkTraining, errors };
}
