/** Spaces and made-up histories for the tests of strategies. */

import fc from "fast-check";
import { countCost, createSpace, type SearchSpace } from "../arch/index.js";
import { findPreset } from "../config/presets.js";
import { Random } from "../random.js";
import { trialOrigins, type Trial, type TrialOrigin } from "./trial.js";

const spaces = new Map(
  ["tiny", "demo", "nas-bench-201-tiny"].map((name) => [name, createSpace(findPreset(name).space)]),
);

export const spaceNames: readonly string[] = [...spaces.keys()];

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
