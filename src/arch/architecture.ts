/**
 * An architecture of the memory-bank space as plain, versioned JSON (SMASH sections 3.1 and 3.2).
 *
 * A network is a stem, blocks of decreasing resolution joined by transitions, and a head. A block holds memory banks
 * of `bankChannels` channels each; its input fills the first ones. A layer reads some non-empty banks (concatenated in
 * ascending order), computes, and adds its output to the banks it writes. Everything a network's shape depends on is
 * in this value: no setting, data set or file name is needed to know what it computes or costs.
 *
 * The schema holds more than version 1 of the space samples (arrays of convolutions, gates, nonlinearities), so that
 * files do not change when the sampler learns more.
 */

import { z } from "zod";

/** Version of the JSON format. Readers refuse newer ones. */
export const architectureVersion = 1;

const positive = z.int().positive();
const pair = z.tuple([positive, positive]).readonly();

const convolutionSchema = z.strictObject({
  /** Place in the 2x2 array: 0 then 1 on the first path, 2 then 3 on the second. */
  position: z.int().min(0).max(3),
  /** Height, width. */
  kernel: pair,
  dilation: pair,
  groups: positive,
  /** The nonlinearity before the convolution (after it, when `activationOrder` is "post"). */
  activation: z.enum(["relu", "tanh", "sigmoid"]),
});

const layerSchema = z.strictObject({
  /** Banks read, ascending, all non-empty at this point. */
  reads: z.array(z.int().nonnegative()).min(1).readonly(),
  /** Banks written, ascending; empty ones are filled in order, none skipped. */
  writes: z.array(z.int().nonnegative()).min(1).readonly(),
  /** Output channels, a multiple of the block's `bankChannels`. */
  units: positive,
  /** Output channels of the generated 1x1 convolution. */
  bottleneck: positive,
  /** Active convolutions by ascending position; position 0 is always active. */
  convolutions: z.array(convolutionSchema.readonly()).min(1).max(4).readonly(),
  /** Junctions (0: after the first convolutions, 1: at the end) joined by a tanh-sigmoid gate instead of a sum. */
  gates: z.array(z.int().min(0).max(1)).max(2).readonly(),
});

const blockSchema = z.strictObject({
  bankChannels: positive,
  /** Channels of the block's input; a multiple of `bankChannels`. Block 0: the stem's output. */
  inputChannels: positive,
  layers: z.array(layerSchema.readonly()).min(1).readonly(),
});

/** The form of an architecture of the memory-bank space; what is beyond form, `validateArchitecture` checks. */
export const architectureSchema = z
  .strictObject({
    space: z.literal("memory-banks"),
    version: z.literal(architectureVersion),
    input: z.strictObject({ channels: positive, /** Height = width, pixels. */ size: positive }).readonly(),
    classes: z.int().min(2),
    stem: z.strictObject({ kernel: positive }).readonly(),
    activationOrder: z.enum(["pre", "post"]),
    /** Where the HyperNet-weighted network normalises: transitions and head only, or inside every op as well. */
    batchNorm: z.enum(["transitions", "ops"]),
    blocks: z.array(blockSchema.readonly()).min(1).readonly(),
  })
  .readonly();

/** An architecture of the memory-bank space (SMASH sections 3.1 and 3.2); a valid one also passes `validateArchitecture`. */
export type MemoryBankArchitecture = z.infer<typeof architectureSchema>;
/** Layers of one resolution that share memory banks (SMASH section 3.1). */
export type Block = MemoryBankArchitecture["blocks"][number];
/** An op of a block: reads banks, computes, adds its output to banks (SMASH section 3.1). */
export type Layer = Block["layers"][number];
/** One convolution of a layer's 2x2 array. */
export type Convolution = Layer["convolutions"][number];
