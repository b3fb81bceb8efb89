import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countCost, createSpace, validateArchitecture, type SearchSpace } from "../arch/index.js";
import { goodSettings } from "../arch/space.fixture.js";
import { SmashError } from "../errors.js";
import { Random } from "../random.js";
import { spaceNames, spaceOf } from "./history.fixture.js";
import { LimitedSpace, limitSpace } from "./limited-space.js";
import { isWithin, type Limits } from "./limits.js";

/** A space that counts what is asked of it. */
function counted(space: SearchSpace) {
  const calls = { count: 0 };
  const counting: SearchSpace = {
    settings: space.settings,
    sample: (random) => (calls.count++, space.sample(random)),
    sampleForStep: (step) => space.sampleForStep(step),
    perturb: (architecture, random, options) => (calls.count++, space.perturb(architecture, random, options)),
  };
  return { space: counting, calls };
}

/** More than any call may ask for: draws and walks of a perturbation, then of a sample. */
const mostCalls = 5500;

/** Limits of any strictness, from impossible ones to none that matter, as a share of a random network's cost. */
const anyShares = fc.record(
  {
    parameters: fc.double({ min: 0.3, max: 2, noNaN: true }),
    flops: fc.double({ min: 0.3, max: 2, noNaN: true }),
  },
  { requiredKeys: [] },
);

function limitsFrom(
  { parameters, flops }: { readonly parameters?: number; readonly flops?: number },
  space: SearchSpace,
): Limits {
  const cost = countCost(space.sample(Random.stream(0, "limits")));
  return {
    ...(parameters !== undefined && { parameters: Math.ceil(parameters * cost.parameters) }),
    ...(flops !== undefined && { flops: Math.ceil(flops * cost.flops) }),
  };
}

/** The architecture, or undefined where the space says that it has none. */
function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof SmashError && error.code === "config") return undefined;
    throw error;
  }
}

const anySpace = fc.oneof(
  fc.constantFrom(...spaceNames).map(spaceOf),
  goodSettings.map((settings) => createSpace(settings)),
);

describe("in any space, under any limits,", () => {
  test("what is sampled keeps to them and is valid, or the space says that it has none; nothing loops", () => {
    fc.assert(
      fc.property(anySpace, anyShares, fc.nat(), (whole, shares, seed) => {
        const { space, calls } = counted(whole);
        const limits = limitsFrom(shares, whole);
        const sampled = attempt(() => new LimitedSpace(space, limits).sample(Random.stream(seed)));
        expect(calls.count).toBeLessThan(mostCalls);
        if (!sampled) return;
        expect(isWithin(limits, countCost(sampled))).toBe(true);
        if (sampled.space === "memory-banks" && whole.settings.name !== "nas-bench-201")
          validateArchitecture(sampled, whole.settings);
      }),
      { numRuns: 15, seed: 1 },
    );
  });

  test("so does what is perturbed, even from a network far outside", () => {
    fc.assert(
      fc.property(anySpace, anyShares, fc.nat(), (whole, shares, seed) => {
        const { space, calls } = counted(whole);
        const limits = limitsFrom(shares, whole);
        const random = Random.stream(seed);
        const start = whole.sample(random);
        const perturbed = attempt(() => new LimitedSpace(space, limits).perturb(start, random));
        expect(calls.count).toBeLessThan(mostCalls);
        if (perturbed) expect(isWithin(limits, countCost(perturbed))).toBe(true);
      }),
      { numRuns: 15, seed: 1 },
    );
  });
});

test("what cannot be perturbed within the limits is walked away from, and not from another network", () => {
  const whole = spaceOf("demo");
  const [small, large] = [0, 1].map((place) => {
    const drawn = Array.from({ length: 20 }, (_, index) => whole.sample(Random.stream(2, index)));
    return drawn.sort((one, other) => countCost(one).flops - countCost(other).flops).at(-place)!;
  });
  // Every change makes a network too large.
  const space: SearchSpace = { ...counted(whole).space, sample: () => large, perturb: () => large };
  const { flops } = countCost(small);
  expect(new LimitedSpace(space, { flops }).perturb(small, Random.stream(3))).toBe(small);
});

test("a limit that most networks keep changes no draw that keeps it", () => {
  const space = spaceOf("demo");
  const limits = { parameters: 45_000 };
  for (let seed = 0; seed < 50; seed++) {
    const random = Random.stream(seed);
    let expected = space.sample(random);
    while (countCost(expected).parameters > limits.parameters) expected = space.sample(random);
    expect(new LimitedSpace(space, limits).sample(Random.stream(seed))).toEqual(expected);
  }
});

/** The least work of some random networks. */
function leastWork(space: SearchSpace, count: number): number {
  const costs = Array.from({ length: count }, (_, index) => countCost(space.sample(Random.stream(1, index))));
  return Math.min(...costs.map(({ flops }) => flops));
}

test.each([
  ["tiny", 1],
  ["demo", 1],
  ["nas-bench-201-tiny", 1],
  // A space with room below what random draws reach.
  ["small", 0.7],
])("%s has networks of %j times the least work of 300 random ones", (name, share) => {
  const space = spaceOf(name);
  const flops = Math.floor(share * leastWork(space, 300));
  for (let seed = 0; seed < 3; seed++) {
    const sampled = new LimitedSpace(space, { flops }).sample(Random.stream(seed));
    expect(countCost(sampled).flops).toBeLessThanOrEqual(flops);
  }
});

test("a limit that the space can just keep fails no trial, however unlucky its draws", () => {
  const limited = new LimitedSpace(spaceOf("demo"), { flops: 3_100_000 });
  expect(countCost(limited.requireOne()).flops).toBeLessThanOrEqual(3_100_000);
  const drawn = Array.from({ length: 12 }, (_, seed) => limited.sample(Random.stream(seed)));
  for (const architecture of drawn) expect(countCost(architecture).flops).toBeLessThanOrEqual(3_100_000);
  expect(new Set(drawn.map((architecture) => JSON.stringify(architecture))).size).toBeGreaterThan(4);
});

test("where no network is small enough, the error has the limit, the smallest seen and what to do", () => {
  const space = new LimitedSpace(spaceOf("tiny"), { parameters: 1000, flops: 10_000_000 });
  expect(() => space.sample(Random.stream(0))).toThrow(
    /must have networks within the limits. Found: --max-parameters 1000 \(ranking.limits.parameters\), and the smallest seen has 1\.\d+k parameters. Fix: raise the limit/,
  );
});

test("training is not limited", () => {
  const step = { seed: 0, step: 3, steps: 10 };
  expect(new LimitedSpace(spaceOf("tiny"), { parameters: 1000 }).sampleForStep(step)).toEqual(
    spaceOf("tiny").sampleForStep(step),
  );
});

test("without limits on what is counted it is the space itself", () => {
  expect(limitSpace(spaceOf("tiny"), {})).toBe(spaceOf("tiny"));
  expect(limitSpace(spaceOf("tiny"), { latencyMs: 1 })).toBe(spaceOf("tiny"));
});
