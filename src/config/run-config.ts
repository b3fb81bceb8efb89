/**
 * The resolved configuration of a run: parsed once, unknown keys fail, saved with every run. Numbers that shape a result
 * are here and nowhere else.
 */

import { z } from "zod";
import { describeValue, SmashError } from "../errors.js";
import { nearestName } from "../nearest.js";
import { spaceSchema } from "./space-schema.js";

const count = z.int().positive();
const fraction = z.number().min(0).max(1);
const rate = z.number().positive();
const augment = z.strictObject({ pad: z.int().nonnegative(), flip: z.boolean() });

const settings = {
  space: spaceSchema,
  hypernet: z.strictObject({
    denseBlocks: z.array(count).min(1),
    growth: count,
    weightNorm: z.enum(["unit", "he"]),
  }),
  /** Training images held out, chosen by the seed. */
  validationImages: count,
  hypernetTraining: z.strictObject({
    steps: count,
    batchSize: count,
    rate,
    warmup: z.int().nonnegative(),
    weightDecay: z.number().nonnegative(),
    labelSmoothing: fraction,
    augment,
    validateEvery: count,
    validationArchitectures: count,
    checkpointEvery: count,
  }),
  ranking: z.strictObject({
    counts: z.strictObject({
      random: z.int().nonnegative(),
      perturb: z.int().nonnegative(),
      chain: z.int().nonnegative(),
    }),
    /** Held-out images every candidate is scored on. */
    images: count,
    /** Training images by which recalibrated BatchNorm statistics are gathered. */
    calibrationImages: count,
    rankedBy: z.enum(["loss", "error"]),
    batchNorm: z.enum(["recalibrated", "batch", "running"]),
  }),
  networkTraining: z.strictObject({
    epochs: count,
    batchSize: count,
    rate,
    warmup: z.number().nonnegative(),
    momentum: fraction,
    weightDecay: z.number().nonnegative(),
    labelSmoothing: fraction,
    augment,
    checkpointEvery: count,
  }),
} as const;

const runConfigSchema = z.strictObject({
  version: z.literal(1),
  preset: z.string(),
  dataset: z.string(),
  seed: z.int().nonnegative(),
  device: z.string(),
  threads: count,
  precision: z.enum(["fp32", "bf16"]),
  ...settings,
});

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

export type RunConfig = DeepReadonly<z.infer<typeof runConfigSchema>>;
export type RunSettings = Pick<RunConfig, keyof typeof settings>;

/** Every key of an object, at any depth: where a misspelt one is looked up. */
function allKeys(value: unknown): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...allKeys(inner)]);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

/** Checks a configuration; `known` is a complete one, by which misspelt keys are recognised. */
export function parseRunConfig(value: unknown, known: object = {}): RunConfig {
  const result = runConfigSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue.path.join(".") || "the configuration";
  if (issue.code === "unrecognized_keys") {
    const [key] = issue.keys;
    const nearest = nearestName(key, allKeys(known));
    throw new SmashError("config", {
      rule: "Every configuration key must be a known one.",
      found: `"${key}" in ${path}.`,
      fix: nearest ? `did you mean "${nearest}"?` : "remove it; config.json of any run lists the known keys.",
    });
  }
  throw new SmashError("config", {
    rule: `${path} must be valid: ${issue.message}.`,
    found: `${describeValue(valueAt(value, issue.path))}.`,
    fix: "correct the value; config.json of any run shows valid ones.",
  });
}
