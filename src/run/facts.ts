/** What checkpoints say of themselves, checked when they are read: the files may come from anywhere. */

import { z } from "zod";
import { parseArchitecture, type Architecture } from "../arch/index.js";
import { SmashError } from "../errors.js";
import { hyperNetOwner } from "../store/index.js";

const count = z.int().nonnegative();
/** JSON has no NaN: what was not measured is null. */
export const measured = z
  .number()
  .nullable()
  .transform((value) => value ?? NaN);

export const hyperNetFactsSchema = z
  .looseObject({
    step: count,
    /** Last measurement on held-out images; NaN before the first. */
    validationError: measured,
  })
  .describe(hyperNetOwner);

export const architectureFact = z.unknown().transform((value, context): Architecture => {
  try {
    return parseArchitecture(value);
  } catch (error) {
    if (!(error instanceof SmashError)) throw error;
    context.addIssue({ code: "custom", message: error.message });
    return z.NEVER;
  }
});

/** What a trained network's file says of itself: enough to use it without the run. */
export const networkFactsSchema = z
  .looseObject({
    architecture: architectureFact,
    /** Name of the data set it is trained on. */
    dataset: z.string(),
    classes: z.array(z.string()).readonly(),
    /** MD5 of an own folder's images; files of older versions, which took them in another order, are without it. */
    images: z.string().optional(),
    statistics: z.strictObject({ mean: z.array(z.number()).readonly(), std: z.array(z.number()).readonly() }),
    /** Of the checkpoint that training goes on from; a best epoch's file is without them. */
    step: count.optional(),
    steps: count.optional(),
    /** Whether nothing is left to do: a training that keeps its best epoch then has its weights. */
    isFinished: z.boolean().optional(),
  })
  .describe("a trained network");

/** The same while it is trained: enough to go on. */
export const trainingFactsSchema = networkFactsSchema
  .extend({
    step: count,
    steps: count,
    epochSums: z.strictObject({ loss: measured, error: measured }),
    best: z.strictObject({ epoch: count, validationError: measured }).optional(),
    /** The settings that change the result; checkpoints of older versions are without them. */
    recipe: z.record(z.string(), z.unknown()).optional(),
  })
  .describe("a network in training");

export type HyperNetFacts = Readonly<z.infer<typeof hyperNetFactsSchema>>;
/** What a trained network's checkpoint says of itself. */
export type NetworkFacts = Readonly<z.infer<typeof networkFactsSchema>>;
export type TrainingFacts = Readonly<z.infer<typeof trainingFactsSchema>>;

/** How far a training is that has not come to its end. */
export interface Unfinished {
  readonly step: number;
  readonly steps: number;
}

/** Undefined for a network that is trained to its end; early stopping is one. */
export function findUnfinished({ step, steps, isFinished = false }: NetworkFacts): Unfinished | undefined {
  if (isFinished || step === undefined || steps === undefined || step >= steps) return undefined;
  return { step, steps };
}
