import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { countCost, functionKey, type Architecture } from "../arch/index.js";
import { SmashError } from "../errors.js";
import { Random } from "../random.js";
import { isWithin, strategies, type Limits } from "../search/index.js";
import { fakeHistory, spaceOf } from "../search/history.fixture.js";
import { proposeWithin, type ProposalOptions } from "./propose.js";

const space = spaceOf("demo");

/** A machine: about so many multiply-adds a millisecond, with noise. */
function fakeMeter(seed: number) {
  const noise = Random.stream(seed, "noise");
  const measured: Architecture[] = [];
  const measureLatency = (architecture: Architecture) => {
    measured.push(architecture);
    return Promise.resolve((countCost(architecture).flops / 1e6) * noise.uniform(0.8, 1.3));
  };
  return { measured, measureLatency };
}

function optionsFor(
  limits: Limits,
  seed: number,
): { readonly options: ProposalOptions; readonly measured: readonly Architecture[] } {
  const meter = fakeMeter(seed);
  const options = {
    space,
    limits,
    rankedBy: "loss",
    against: "parameters",
    random: Random.stream(seed, "proposal"),
    seen: new Set<string>(),
    measureLatency: meter.measureLatency,
  } as const;
  return { options, measured: meter.measured };
}

describe.each(strategies.map((strategy) => [strategy.name, strategy] as const))("%s", (_, strategy) => {
  test("proposes within all limits, or says that there is nothing; it measures a few candidates at most", async () => {
    const anyLimits = fc.record(
      {
        parameters: fc.integer({ min: 22_000, max: 60_000 }),
        flops: fc.integer({ min: 4_000_000, max: 10_000_000 }),
        latencyMs: fc.double({ min: 3.5, max: 12, noNaN: true }),
      },
      { requiredKeys: [] },
    );
    await fc.assert(
      fc.asyncProperty(anyLimits, fc.nat(), async (limits, seed) => {
        const history = fakeHistory(space, { seed, count: 14 });
        const { options, measured } = optionsFor(limits, seed);
        try {
          const { architecture, latencyMs } = await proposeWithin(strategy, history, options);
          expect(isWithin(limits, { ...countCost(architecture), latencyMs })).toBe(true);
          expect(latencyMs === undefined).toBe(limits.latencyMs === undefined);
        } catch (error) {
          expect(error).toBeInstanceOf(SmashError);
          expect((error as SmashError).code).toBe("config");
        }
        expect(measured.length).toBeLessThanOrEqual(limits.latencyMs === undefined ? 0 : 24);
        for (const architecture of measured)
          expect(isWithin({ ...limits, latencyMs: undefined }, countCost(architecture))).toBe(true);
      }),
      { numRuns: 4, seed: 3 },
    );
  });
});

test("a latency that few networks keep is reached by drawing smaller ones", async () => {
  for (let seed = 0; seed < 3; seed++) {
    const { options } = optionsFor({ latencyMs: 3.4 }, seed);
    const { latencyMs } = await proposeWithin(strategies[0], [], options);
    expect(latencyMs).toBeLessThanOrEqual(3.4);
  }
});

test("a latency that no network keeps is told with the smallest measured", async () => {
  const { options, measured } = optionsFor({ latencyMs: 0.5 }, 0);
  await expect(proposeWithin(strategies[0], [], options)).rejects.toThrow(
    /Found: --max-latency-ms 0.5 \(ranking.limits.latencyMs\), and the smallest seen has [2-4]\.\d+ ms./,
  );
  // Each a draw of its own, and after the first six of a fifth less work.
  expect(new Set(measured.slice(0, 6).map(functionKey)).size).toBe(6);
  const [before, after] = measured.slice(5, 7).map((architecture) => countCost(architecture).flops);
  expect(after).toBeLessThanOrEqual(0.8 * before);
});

test("a latency of just the limit is within it", async () => {
  const measureLatency = () => Promise.resolve(2);
  const { options } = optionsFor({ latencyMs: 2 }, 0);
  expect(await proposeWithin(strategies[0], [], { ...options, measureLatency })).toHaveProperty(
    "latencyMs",
    2,
  );
});

test("what is perturbed further keeps to the limits: the best trial may lie outside", async () => {
  const history = fakeHistory(space, { seed: 8, count: 30, origins: ["random"] });
  const limits = { parameters: history.map(({ parameters }) => parameters).toSorted((a, b) => a - b)[10] };
  const within = new Set(history.filter((trial) => isWithin(limits, trial)).map(({ id }) => id));
  const asked: number[] = [];
  const strategy = {
    name: "chain" as const,
    propose: (trials: readonly { readonly id: number; readonly architecture: Architecture }[]) => {
      asked.push(...trials.map(({ id }) => id));
      return { architecture: trials[0].architecture };
    },
  };
  await proposeWithin(strategy, history, optionsFor(limits, 0).options);
  expect(new Set(asked)).toEqual(within);
});

test("a network that was scored is not proposed again", async () => {
  const { options } = optionsFor({}, 4);
  const first = await proposeWithin(strategies[0], [], options);
  const seen = new Set([functionKey(first.architecture)]);
  const again = await proposeWithin(strategies[0], [], { ...optionsFor({}, 4).options, seen });
  expect(again.architecture).not.toEqual(first.architecture);
});
