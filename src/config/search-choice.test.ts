import { describe, expect, test } from "vitest";
import { parseRunConfig } from "./run-config.js";
import { resolveConfig } from "./resolve-config.js";

const request = {
  preset: "tiny",
  dataset: { name: "synthetic", channels: 3, size: 16, classes: 4 },
  seed: 0,
  device: "cpu",
  threads: 1,
  precision: "fp32",
} as const;

test("a configuration saved before there were limits and these strategies still opens, as one without them", () => {
  const config = resolveConfig(request);
  const saved = JSON.parse(JSON.stringify(config)) as { ranking: Record<string, Record<string, unknown>> };
  delete saved.ranking.limits;
  delete saved.ranking.against;
  delete saved.ranking.fineTuning;
  delete saved.ranking.finalists;
  delete saved.ranking.counts.evolution;
  delete saved.ranking.counts.nsga2;
  expect(parseRunConfig(saved)).toEqual(config);
  expect(config.ranking.counts).toEqual({ random: 6, perturb: 3, chain: 3, evolution: 0, nsga2: 0 });
});

describe("what the flags choose", () => {
  const ranking = (search: object, overrides = {}) =>
    resolveConfig({ ...request, search, overrides }).ranking;

  test("is saved as it will be read again", () => {
    const { limits } = ranking({ limits: { parameters: 3000 } }, { ranking: { limits: { flops: 900_000 } } });
    expect(limits).toEqual({ parameters: 3000, flops: 900_000 });
    expect(JSON.parse(JSON.stringify(limits))).toStrictEqual(limits);
  });

  test("how many are finalists; for how many steps, a settings file may change", () => {
    const config = { ranking: { finalists: { count: 3, steps: 20 } } };
    expect(ranking({}).finalists).toEqual({ count: 0, steps: 450 });
    expect(ranking({ finalists: 8 }).finalists).toEqual({ count: 8, steps: 450 });
    expect(ranking({ finalists: 8 }, config).finalists).toEqual({ count: 8, steps: 20 });
    expect(ranking({ finalists: 2 }, { ranking: { finalists: { steps: 20 } } }).finalists.count).toBe(2);
    expect(ranking({ finalists: 0 }, config).finalists).toEqual({ count: 0, steps: 20 });
  });

  test("how many are fine-tuned; how, a settings file may change", () => {
    const config = { ranking: { fineTuning: { best: 3, steps: 5 } } };
    expect(ranking({}).fineTuning).toEqual({ best: 0, steps: 100, rate: 0.01 });
    expect(ranking({ fineTune: 20 }).fineTuning).toEqual({ best: 20, steps: 100, rate: 0.01 });
    expect(ranking({ fineTune: 20 }, config).fineTuning).toEqual({ best: 20, steps: 5, rate: 0.01 });
    expect(ranking({ fineTune: undefined }, config).fineTuning).toEqual({ best: 3, steps: 5, rate: 0.01 });
  });

  test("a strategy proposes all that follows the random samples", () => {
    const counts = { random: 6, perturb: 0, chain: 0, evolution: 0, nsga2: 0 };
    expect(ranking({ strategy: "evolution" }).counts).toEqual({ ...counts, evolution: 6 });
    expect(ranking({ strategy: "random" }).counts).toEqual({ ...counts, random: 12 });
    expect(ranking({ strategy: "chain" }).counts).toEqual({ ...counts, chain: 6 });
    expect(ranking({ strategy: "nsga2", counts: { chain: 2 } }).counts).toEqual({
      ...counts,
      nsga2: 6,
      chain: 2,
    });
  });

  test("a limit that no network keeps is refused with the smallest found", () => {
    expect(() => ranking({ limits: { parameters: 100 } })).toThrow(
      /--max-parameters 100 .* smallest seen has 1\.\d+k/,
    );
  });

  test.each([
    ["a limit of nothing", { parameters: 0 }],
    ["a fraction of a parameter", { parameters: 0.5 }],
    ["an unknown limit", { bytes: 100 }],
    ["a latency that is no number", { latencyMs: "fast" }],
  ])("%s is refused", (_, limits) => {
    expect(() => ranking({}, { ranking: { limits } })).toThrow(/config|must/);
  });
});
