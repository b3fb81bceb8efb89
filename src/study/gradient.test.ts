import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveConfig } from "../config/index.js";
import { defaultDevice, setThreads } from "../tensor/index.js";
import type { StudyJob } from "./request.js";
import { runStudy } from "./run-study.js";

const folder = mkdtempSync(join(tmpdir(), "smash-gradient-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => setThreads(1));

function makeJob(preset: "tiny" | "nas-bench-201-tiny", name: string): StudyJob {
  const config = resolveConfig({
    preset,
    overrides: {
      hypernetTraining: { steps: 6, validateEvery: 6, validationArchitectures: 1, checkpointEvery: 2 },
      validationImages: 1900,
    },
    dataset: { name: "synthetic", channels: 3, size: 16, classes: 10 },
    seed: 0,
    device: defaultDevice(),
    threads: 1,
    precision: "fp32",
  });
  return {
    request: { study: "gradient", config, samples: 4, seeds: 1, moves: 2, candidates: 5, proxies: [] },
    out: join(folder, name),
    versions: { smash: "0", node: "0", libtorch: "0" },
    dataDir: folder,
    threads: 1,
  };
}

function contextThatStops(after = Infinity) {
  let measured = 0;
  return {
    emit: ({ type }: { readonly type: string }) => {
      if (type === "study-progress") measured++;
    },
    shouldStop: () => measured >= after,
    now: () => measured,
  };
}

type Result = Awaited<ReturnType<typeof runStudy>>;
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe.each(["tiny", "nas-bench-201-tiny"] as const)("the study of dE/dc with the preset %s", (preset) => {
  let result: Result;
  beforeAll(async () => {
    result = await runStudy(makeJob(preset, `${preset}-whole`), contextThatStops());
  }, 120_000);

  it("writes the contract's fields: predictions of random moves against what happened", () => {
    const { kinds } = result.moves!;
    expect(result).toMatchObject({ study: "gradient", n: 8, seedCeiling: null, rightIsBetter: null });
    expect(result.scores).toEqual(kinds.random.predicted);
    expect(result.truths).toEqual(kinds.random.actual);
    const saved = JSON.parse(readFileSync(join(folder, `${preset}-whole`, "result.json"), "utf8")) as Result;
    expect(saved.moves).toEqual(result.moves);
    expect(result.figures).toHaveLength(2);
    for (const figure of result.figures) expect(readFileSync(figure, "utf8")).toMatch(/^<svg/);
  });

  it("adds the changes of a chain's moves up to the change of the chain", () => {
    for (const { changes, actual, byMove, loss } of Object.values(result.moves!.kinds)) {
      for (const [start, change] of changes.entries()) {
        expect(actual[2 * start] + actual[2 * start + 1]).toBeCloseTo(change, 10);
      }
      expect(loss.mean).toBeCloseTo(mean(changes), 12);
      expect(byMove.at(-1)).toEqual(loss);
    }
  });

  it("compares chains from the same starts", () => {
    const { kinds, against } = result.moves!;
    for (const other of ["random", "opposite"] as const) {
      const differences = kinds.gradient.changes.map((change, start) => change - kinds[other].changes[start]);
      const { loss, isBetter } = against[other];
      expect(loss.mean).toBeCloseTo(mean(differences), 12);
      expect(loss.interval95[0]).toBeLessThanOrEqual(loss.mean);
      expect(loss.interval95[1]).toBeGreaterThanOrEqual(loss.mean);
      const wins = differences.map((difference) => (difference < 0 ? 1 : difference > 0 ? 0 : 0.5));
      expect(isBetter.mean).toBeCloseTo(mean(wins), 12);
    }
  });

  it("chooses first moves among the same candidates: none is predicted lower than the gradient's", () => {
    const { kinds } = result.moves!;
    const firsts = (kind: "gradient" | "random" | "opposite") =>
      kinds[kind].predicted.filter((_, move) => move % 2 === 0);
    for (const [start, predicted] of firsts("random").entries()) {
      expect(firsts("gradient")[start]).toBeLessThanOrEqual(predicted);
      expect(firsts("opposite")[start]).toBeGreaterThanOrEqual(predicted);
    }
    expect(firsts("gradient")).not.toEqual(firsts("opposite"));
  });

  it("stopped in the middle goes on to the same document", async () => {
    const withoutPlace = ({ architecturesPerMinute: _, figures, ...rest }: Result) => ({
      ...rest,
      figures: figures.length,
    });
    const job = makeJob(preset, `${preset}-stopped`);
    await expect(runStudy(job, contextThatStops(9))).rejects.toMatchObject({ code: "interrupted" });
    expect(withoutPlace(await runStudy(job, contextThatStops()))).toEqual(withoutPlace(result));
  });
});
