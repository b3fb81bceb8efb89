/** Spaces and made-up histories for the tests of strategies. */

import fc from "fast-check";
import { countCost, createSpace, type SearchSpace } from "../arch/index.js";
import { Random } from "../random.js";
import { trialOrigins, type Trial, type TrialOrigin } from "./trial.js";

const images = { input: { channels: 3, size: 32 }, classes: 10 } as const;
const banks = { name: "memory-banks", depthCompression: 2, bottleneck: 2, kernel: 3, stemKernel: 3 } as const;

/** The spaces of the presets with these names; a folder this far down does not know presets. */
const spaces: ReadonlyMap<string, SearchSpace> = new Map(
  Object.entries({
    tiny: { ...banks, ...images, baseChannels: 4, maxUnits: 8, depth: 1, width: 1, maxDilation: 2 },
    demo: { ...banks, ...images, baseChannels: 8, maxUnits: 32, depth: 2, width: 1, maxDilation: 3 },
    small: { ...banks, ...images, baseChannels: 8, maxUnits: 48, depth: 3, width: 2, maxDilation: 3 },
    "nas-bench-201-tiny": {
      ...images,
      name: "nas-bench-201",
      channels: 4,
      cells: 2,
      sampling: "uniform",
    },
  } as const).map(([name, settings]) => [name, createSpace(settings)]),
);

export const spaceNames: readonly string[] = ["tiny", "demo", "nas-bench-201-tiny"];

export function spaceOf(preset: string): SearchSpace {
  return spaces.get(preset)!;
}

/** Trials of random networks with random scores; ties and scores that are not finite occur. */
export function fakeHistory(
  space: SearchSpace,
  { seed, count, origins = trialOrigins }: FakeHistoryOptions,
): readonly Trial[] {
  const random = Random.stream(seed, "fake-history");
  return Array.from({ length: count }, (_, id): Trial => {
    const architecture = space.sample(random);
    const validationLoss = random.bernoulli(0.05) ? NaN : random.integer(100, 140) / 50;
    return {
      id,
      architecture,
      origin: random.choice(origins),
      validationError: validationLoss / 3,
      validationLoss,
      ...countCost(architecture),
    };
  });
}

export interface FakeHistoryOptions {
  readonly seed: number;
  readonly count: number;
  readonly origins?: readonly TrialOrigin[];
}

/** A space's name, a history in it, and a seed for what the test does next. */
export const anyHistory = fc
  .record({ preset: fc.constantFrom(...spaceNames), seed: fc.nat(), count: fc.integer({ min: 0, max: 30 }) })
  .map(({ preset, ...options }) => {
    const space = spaceOf(preset);
    return { space, seed: options.seed, history: fakeHistory(space, options) };
  });
