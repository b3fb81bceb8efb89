/** The memory-bank space as it stands in a configuration: options that are left out are filled in while parsing. */

import { z } from "zod";
import { completeSettings } from "../arch/index.js";

const count = z.int().positive();

export const spaceSchema = z
  .strictObject({
    name: z.literal("memory-banks").default("memory-banks"),
    baseChannels: count,
    maxUnits: count,
    depthCompression: count,
    depth: count,
    width: count,
    bottleneck: count,
    kernel: count,
    maxDilation: count,
    stemKernel: count,
    input: z.strictObject({ channels: count, size: count }),
    classes: z.int().min(2),
    bankSizes: z.enum(["base", "varied"]).exactOptional(),
    unitSampling: z.enum(["uniform", "near-reads"]).exactOptional(),
    convolutions: z.enum(["single", "array"]).exactOptional(),
    maxKernel: count.exactOptional(),
    axes: z.enum(["square", "separate"]).exactOptional(),
    maxGroups: count.exactOptional(),
    maxBottleneck: count.exactOptional(),
    gates: z.boolean().exactOptional(),
    activations: z
      .array(z.enum(["relu", "tanh", "sigmoid"]))
      .min(1)
      .exactOptional(),
    batchNorm: z.enum(["transitions", "ops"]).exactOptional(),
    activationOrder: z.enum(["pre", "post"]).exactOptional(),
    stemWidth: count.exactOptional(),
  })
  .transform(completeSettings);
