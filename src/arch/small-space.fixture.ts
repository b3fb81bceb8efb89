/** A small memory-bank space and its options, for the tests of what is built on architectures. */

import type { MemoryBankSettings } from "./space.js";

export const small: MemoryBankSettings = {
  baseChannels: 4,
  maxUnits: 16,
  depthCompression: 2,
  depth: 2,
  width: 1,
  bottleneck: 2,
  kernel: 3,
  maxDilation: 2,
  stemKernel: 3,
  input: { channels: 3, size: 8 },
  classes: 5,
};
const array = { ...small, convolutions: "array" } as const;

/** That space with each option of version 2, and with all of them. */
export const smallOptions: readonly (readonly [string, MemoryBankSettings])[] = [
  ["version 1", small],
  ["banks of several sizes", { ...small, bankSizes: "varied" }],
  ["units near reads", { ...small, unitSampling: "near-reads" }],
  ["an array of convolutions", array],
  ["kernels of several sizes", { ...array, maxKernel: 5 }],
  ["axes apart", { ...array, maxKernel: 5, axes: "separate" }],
  ["groups", { ...array, maxGroups: 4 }],
  ["a narrower bottleneck", { ...array, maxBottleneck: 1 }],
  ["gates", { ...array, gates: true }],
  ["nonlinearities", { ...array, activations: ["relu", "tanh", "sigmoid"] }],
  ["BatchNorm inside ops", { ...array, batchNorm: "ops" }],
  ["post-activation", { ...array, activationOrder: "post" }],
  ["post-activation with BatchNorm inside ops", { ...array, activationOrder: "post", batchNorm: "ops" }],
  ["a stem of its own", { ...small, stemKernel: 5, stemWidth: 3 }],
  [
    "all of them",
    {
      ...array,
      bankSizes: "varied",
      unitSampling: "near-reads",
      maxKernel: 5,
      axes: "separate",
      maxGroups: 4,
      gates: true,
      activations: ["relu", "tanh", "sigmoid"],
      batchNorm: "ops",
    },
  ],
];
