/** One suite for every strategy, then what is particular to each of the newer ones. */

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { functionKey, type Architecture, type SearchSpace } from "../arch/index.js";
import { Random } from "../random.js";
import { evolution, populationSize, tournamentSize } from "./evolution.js";
import { anyHistory, fakeHistory, spaceOf } from "./history.fixture.js";
import { greedyChain } from "./greedy-chain.js";
import { nsga2 } from "./nsga2.js";
import { orderByFronts } from "./crowding.js";
import { perturbBest } from "./perturb-best.js";
import { planTrials, strategies } from "./plan.js";
import { proposeNew } from "./propose-new.js";
import { randomSearch } from "./random-search.js";
import { rankTrials } from "./score.js";
import type { SearchContext, Strategy } from "./strategy.js";
import type { Trial } from "./trial.js";

const common = { rankedBy: "loss", against: "parameters" } as const;

describe.each(strategies.map((strategy) => [strategy.name, strategy] as const))("%s", (_, strategy) => {
  test("answers any history, the same from the same stream, and leaves it as it was", () => {
    fc.assert(
      fc.property(anyHistory, ({ space, history, seed }) => {
        const before = structuredClone(history);
        const propose = () => strategy.propose(history, { ...common, space, random: Random.stream(seed) });
        const proposal = propose();
        expect(propose()).toEqual(proposal);
        expect(history).toEqual(before);
        // Throws for one of another space.
        space.perturb(proposal.architecture, Random.stream(0));
        expect(proposal.parent === undefined || history.some(({ id }) => id === proposal.parent)).toBe(true);
      }),
      { numRuns: 20 },
    );
  });
});

/** The architectures of which a strategy, over many streams, perturbs one. */
function parentsOf(...asked: Parameters<typeof listParents>): ReadonlySet<Architecture> {
  return new Set(listParents(...asked));
}

/** One of each stream. */
function listParents(
  strategy: Strategy,
  history: readonly Trial[],
  {
    streams,
    ...context
  }: { readonly streams: number } & Partial<Pick<SearchContext, "rankedBy" | "against">>,
): readonly Architecture[] {
  const whole = spaceOf("tiny");
  const parents: Architecture[] = [];
  const space: SearchSpace = {
    settings: whole.settings,
    sample: (random) => whole.sample(random),
    sampleForStep: (step) => whole.sampleForStep(step),
    perturb: (architecture) => (parents.push(architecture), architecture),
  };
  for (let stream = 0; stream < streams; stream++) {
    const random = Random.stream(9, stream);
    const { parent } = strategy.propose(history, { ...common, ...context, space, random });
    // It says which one.
    const named = history.find(({ id }) => id === parent)?.architecture;
    if (parent !== undefined) expect(named).toBe(parents.at(-1));
  }
  return parents;
}

describe("the paper's strategies", () => {
  // The best of all is a step of the chain, the best sample comes second.
  const history = fakeHistory(spaceOf("tiny"), { seed: 5, count: 40 }).map((trial): Trial => {
    if (trial.id === 7) return { ...trial, origin: "random", validationLoss: 0.2 };
    return trial.id === 30 ? { ...trial, origin: "chain", validationLoss: 0.1 } : trial;
  });

  test("perturbations are of the best random sample, whatever came of them since", () => {
    expect(parentsOf(perturbBest, history, { streams: 5 })).toEqual(new Set([history[7].architecture]));
  });

  test("the chain accepts only improvements: it goes on from the best of everything", () => {
    expect(parentsOf(greedyChain, history, { streams: 5 })).toEqual(new Set([history[30].architecture]));
    const worse = [...history, { ...history[0], id: 40, origin: "chain" as const, validationLoss: 0.15 }];
    expect(parentsOf(greedyChain, worse, { streams: 5 })).toEqual(new Set([history[30].architecture]));
  });

  test("start from the best score, whatever was trained since: others will not be", () => {
    const history = fakeHistory(spaceOf("tiny"), { seed: 6, count: tournamentSize, origins: ["random"] });
    const [best, ...others] = rankTrials(history, "loss");
    const measured = { validationError: 0, validationLoss: 0 };
    const trained = history.map((trial) => {
      if (trial === others[0]) return { ...trial, trained: { epochs: 1, ...measured } };
      return trial === others[1] ? { ...trial, fineTuned: measured } : trial;
    });
    for (const strategy of [perturbBest, greedyChain, evolution]) {
      const parents = parentsOf(strategy, trained, { streams: 3 });
      expect(parents, strategy.name).toEqual(new Set([best.architecture]));
    }
  });

  test("start from the best by what ranks", () => {
    const sampled = fakeHistory(spaceOf("tiny"), { seed: 6, count: tournamentSize, origins: ["random"] });
    const other = sampled.map((trial) => ({ ...trial, validationError: 1 - trial.validationError }));
    const [best] = rankTrials(other, "error");
    expect(best.id).not.toBe(rankTrials(other, "loss")[0].id);
    for (const strategy of [perturbBest, greedyChain, evolution]) {
      const parents = parentsOf(strategy, other, { streams: 3, rankedBy: "error" });
      expect(parents, strategy.name).toEqual(new Set([best.architecture]));
    }
  });

  test("come in the paper's order", () => {
    const plan = planTrials({ random: 2, perturb: 1, chain: 1, evolution: 0, nsga2: 0 });
    expect(plan.map(({ name }) => name)).toEqual(["random", "random", "perturb", "chain"]);
  });
});

describe("regularised evolution", () => {
  const origins = ["random", "evolution"] as const;
  const history = fakeHistory(spaceOf("tiny"), { seed: 1, count: 3 * populationSize, origins });

  test("lets the oldest die, however good they are", () => {
    const withStar = history.map((trial) => (trial.id === 0 ? { ...trial, validationLoss: 0 } : trial));
    const young = new Set(withStar.slice(-populationSize).map(({ architecture }) => architecture));
    const parents = parentsOf(evolution, withStar, { streams: 300 });
    expect([...parents].every((parent) => young.has(parent))).toBe(true);
  });

  test("has many parents, none of them among the worst that cannot win a tournament", () => {
    const parents = parentsOf(evolution, history, { streams: 300 });
    expect(parents.size).toBeGreaterThan(5);
    const members = history.slice(-populationSize);
    const worst = members
      .toSorted((one, other) => (other.validationLoss || 99) - (one.validationLoss || 99))
      .slice(0, tournamentSize - 1);
    for (const { architecture } of worst) expect(parents.has(architecture)).toBe(false);
  });

  test("founds its population by random samples, its own if there are too few", () => {
    const few = fakeHistory(spaceOf("tiny"), { seed: 2, count: tournamentSize - 1, origins });
    expect(parentsOf(evolution, few, { streams: 20 }).size).toBe(0);
    const others = fakeHistory(spaceOf("tiny"), {
      seed: 3,
      count: 80,
      origins: ["chain", "perturb", "nsga2"],
    });
    expect(parentsOf(evolution, [...few, ...others], { streams: 20 }).size).toBe(0);
    expect(parentsOf(evolution, history.slice(0, tournamentSize), { streams: 20 }).size).toBeGreaterThan(0);
  });
});

describe("nsga2", () => {
  const history = fakeHistory(spaceOf("tiny"), { seed: 4, count: 200 });
  const order = (cost: "parameters" | "flops") =>
    orderByFronts(history, (trial) => ({ score: trial.validationLoss, cost: trial[cost] })).map(
      ({ item }) => item.architecture,
    );

  test("perturbs the best by front and crowding, the very best most often, and those of any age", () => {
    const listed = listParents(nsga2, history, { streams: 400 });
    const parents = new Set(listed);
    const ranked = order("parameters");
    const places = listed.map((parent) => ranked.indexOf(parent));
    expect(Math.max(...places)).toBeLessThan(50);
    expect(places).toContain(0);
    // The better of two is in the better half three times of four.
    expect(places.filter((place) => place < 25).length).toBeGreaterThan(260);
    expect(history.findIndex(({ architecture }) => parents.has(architecture))).toBeLessThan(20);
  });

  test("weighs the measure that ranks against the cost that is asked for", () => {
    const other = history.map((trial) => ({ ...trial, validationError: 1 - trial.validationError }));
    const asked = { streams: 400, rankedBy: "error", against: "flops" } as const;
    const best = orderByFronts(other, ({ validationError, flops }) => ({
      score: validationError,
      cost: flops,
    }));
    const leaders = new Set(best.slice(0, 50).map(({ item }) => item.architecture));
    expect([...parentsOf(nsga2, other, asked)].every((parent) => leaders.has(parent))).toBe(true);
  });

  test("keeps small networks in play, which a search for the score alone gives up", () => {
    const smallest = order("parameters").slice(0, 2);
    expect(parentsOf(nsga2, history, { streams: 400 })).toContain(smallest[0]);
    const sizes = history.map(({ parameters }) => parameters);
    const sizeOf = new Map(history.map(({ architecture, parameters }) => [architecture, parameters]));
    expect(smallest.map((architecture) => sizeOf.get(architecture))).toContain(Math.min(...sizes));
  });
});

describe("a network that was scored", () => {
  const space = spaceOf("nas-bench-201-tiny");
  const context = { ...common, space };

  test("is not proposed again while the strategy has others", () => {
    const seen = new Set<string>();
    const history: Trial[] = [];
    for (const [id, strategy] of planTrials({
      random: 30,
      perturb: 30,
      chain: 15,
      evolution: 15,
      nsga2: 15,
    }).entries()) {
      const { architecture } = proposeNew(strategy, history, {
        ...context,
        seen,
        random: Random.stream(5, id),
      });
      expect(seen.has(functionKey(architecture)), `${strategy.name} ${id}`).toBe(false);
      seen.add(functionKey(architecture));
      const loss = Random.stream(6, id).uniform();
      history.push({
        ...{ id, architecture, origin: strategy.name, parameters: 1, flops: 1 },
        ...{ validationLoss: loss, validationError: loss },
      });
    }
  });

  test("is accepted in the end where there are no others, so that nothing loops", () => {
    const only = { architecture: space.sample(Random.stream(0)) };
    let asked = 0;
    const stubborn: Strategy = { name: "chain", propose: () => (asked++, only) };
    const seen = new Set([functionKey(only.architecture)]);
    expect(proposeNew(stubborn, [], { ...context, seen, random: Random.stream(1) })).toBe(only);
    expect(asked).toBe(30);
  });

  test("a first proposal that is new is taken as it is: runs without repetitions stay as they were", () => {
    const proposal = proposeNew(randomSearch, [], { ...context, seen: new Set(), random: Random.stream(7) });
    expect(proposal).toEqual({ architecture: space.sample(Random.stream(7)) });
  });
});
