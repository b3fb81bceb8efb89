/**
 * The resolved configuration of a run: parsed once, unknown keys fail, saved with every run. Numbers that shape a result
 * are here and nowhere else.
 */

import { z } from "zod";
import { describeValue, SmashError, valueAt } from "../errors.js";
import { nearestName } from "../nearest.js";
import { leastExamples, rankingMeasures } from "../search/index.js";
import { isObject } from "./difference.js";
import { networkOptions } from "./network-options.js";
import { spaceSchema } from "./space-schema.js";

const count = z.int().positive();
/** At 1 a moment never forgets, and a smoothed label says nothing. */
const fraction = z.number().min(0).lt(1);
const rate = z.number().positive();
const augment = z.strictObject({ pad: z.int().nonnegative(), flip: z.boolean() });

const input = z.strictObject({ channels: count, size: count });
const classes = z.int().min(2);

/** A search space, and a HyperNet for it. */
const memoryBanks = {
  space: spaceSchema,
  hypernet: z.strictObject({
    denseBlocks: z.array(count).min(1),
    growth: count,
    weightNorm: z.enum(["unit", "he"]),
    generated: z.enum(["pointwise", "all", "none"]).default("pointwise"),
    shared: z.enum(["block", "dilation"]).default("block"),
  }),
} as const;

const cells = {
  space: z.strictObject({
    name: z.literal("nas-bench-201"),
    channels: count,
    cells: count,
    sampling: z.enum(["uniform", "fair"]),
    input,
    classes,
  }),
  hypernet: z.strictObject({
    width: count,
    layers: z.int().nonnegative(),
    brick: count,
    cells: count,
    reductions: z.enum(["residual", "shortcut"]),
    noise: z.boolean(),
    generated: z.enum(["all", "1x1", "none"]).default("all"),
  }),
} as const;

const settings = {
  /** Training images held out, chosen by the seed. */
  validationImages: count,
  hypernetTraining: z.strictObject({
    steps: count,
    batchSize: count,
    rate,
    warmup: z.int().nonnegative(),
    beta1: fraction.default(0.5),
    epsilon: rate.default(1e-4),
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
      evolution: z.int().nonnegative().default(0),
      nsga2: z.int().nonnegative().default(0),
    }),
    /** The most that a ranked network may have; the HyperNet is trained on the whole space. */
    limits: z
      .strictObject({
        parameters: count.optional(),
        flops: count.optional(),
        latencyMs: rate.optional(),
      })
      .default({}),
    /** What nsga2 weighs the score against. */
    against: z.enum(["parameters", "flops"]).default("parameters"),
    /** Held-out images every candidate is scored on. */
    images: count,
    /** Training images by which recalibrated BatchNorm statistics are gathered. */
    calibrationImages: count,
    /** The best by their generated weights are trained a little from these, and ordered anew. */
    fineTuning: z
      .strictObject({
        best: z.int().nonnegative().default(0),
        steps: count.default(100),
        /** A tenth of what a training from scratch begins with: more undoes what the HyperNet knows. */
        rate: rate.default(0.01),
      })
      .prefault({}),
    /** The best so far are trained from scratch, as `networkTraining` says but briefly, and ordered anew. */
    finalists: z
      .strictObject({
        count: z.int().nonnegative().default(0),
        /** In whole epochs, and no more of these than a training has. An epoch of the preset demo on CIFAR-10. */
        steps: count.default(450),
      })
      .prefault({}),
    /** Networks that are trained, reduced and briefly, for a surrogate to learn from, where `rankedBy` is "predicted". */
    surrogate: z
      .strictObject({
        networks: z.int().min(leastExamples).default(48),
        /** What a reduced network keeps of its channels, and of the images' height and width. */
        channels: z.number().positive().max(1).default(0.5),
        resolution: z.number().positive().max(1).default(0.5),
        /** In whole epochs. Four of CIFAR-10. */
        steps: count.default(1800),
        batchSize: count.default(100),
      })
      .prefault({}),
    rankedBy: z.enum(rankingMeasures),
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
    ...networkOptions,
  }),
} as const;

const common = {
  version: z.literal(1),
  preset: z.string(),
  dataset: z.string(),
  seed: z.int().nonnegative(),
  device: z.string(),
  threads: count,
  precision: z.enum(["fp32", "bf16"]),
  ...settings,
} as const;

const memoryBankConfig = z.strictObject({ ...common, ...memoryBanks });
const cellConfig = z.strictObject({ ...common, ...cells });

/** The schemas of a configuration, one for each space. */
export const configSchemas = [memoryBankConfig, cellConfig] as const;

/** The schema of the space a configuration names; without a name it is memory banks. */
function chooseSchema(value: unknown) {
  const { space } = (value ?? {}) as { readonly space?: { readonly name?: unknown } | null };
  return space?.name === cells.space.shape.name.value ? cellConfig : memoryBankConfig;
}

type DeepReadonly<T> = T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** The resolved configuration of a run, as its config.json holds it. */
export type RunConfig = DeepReadonly<z.infer<typeof memoryBankConfig> | z.infer<typeof cellConfig>>;
/** A search space and the settings of a HyperNet for it. */
export type SpaceChoice = DeepReadonly<
  z.infer<z.ZodObject<typeof memoryBanks>> | z.infer<z.ZodObject<typeof cells>>
>;
/** The parts of a configuration that a preset decides, without the space. */
export type RunSettings = Pick<RunConfig, keyof typeof settings> & SpaceChoice;

/** The settings as a preset writes them: what has a default may be left out. */
export type PresetSettings = DeepReadonly<z.input<z.ZodObject<typeof settings>>>;

/** Every key of an object, at any depth: where a misspelt one is looked up. */
function allKeys(value: unknown): string[] {
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...allKeys(inner)]);
}

/** Checks a configuration; `known` is a complete one, by which misspelt keys are recognised. */
export function parseRunConfig(value: unknown, known: object = {}): RunConfig {
  const result = chooseSchema(value).safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const path = issue.path.join(".") || "the configuration";
  if (issue.code === "unrecognized_keys") {
    const [key] = issue.keys;
    const nearest = nearestName(key, [...allKeys(known), ...Object.keys(networkOptions)]);
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
