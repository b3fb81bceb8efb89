import { expect, it } from "vitest";
import { runSmash } from "../built-cli.fixture.js";
import { median } from "./bench/benchmark.js";
import { exponentOf } from "./bench/growth.js";
import { slope } from "./bench/memory.js";

interface Document {
  readonly benchmark: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

async function bench(name: string, steps: number): Promise<Document> {
  const { code, stdout, stderr } = await runSmash(["bench", name, "--steps", String(steps), "--json"]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Document;
}

const contract = ["size", "precision", "oursMs", "peerMs", "floorMs", "ratio"];

it("input gives one row in the contract's form, and a batch costs less than the step that holds it", async () => {
  const { benchmark, rows } = await bench("input", 2);
  expect(benchmark).toBe("input");
  expect(rows).toHaveLength(1);
  expect(Object.keys(rows[0])).toEqual(expect.arrayContaining(contract));
  expect(rows[0]).toMatchObject({ size: "narrow", precision: "fp32", peerMs: null, images: 50 });
  expect(rows[0].share).toBeGreaterThan(0);
  expect(rows[0].share).toBeLessThan(1);
});

it("memory gives the peak of the whole process, and no step leaves a tensor behind", async () => {
  const { rows } = await bench("memory", 3);
  expect(Object.keys(rows[0])).toEqual(expect.arrayContaining(contract));
  expect(rows[0]).toMatchObject({ size: "reference", steps: 3, moreTensors: 0 });
  // libtorch alone is more than this.
  expect(rows[0].endBytes).toBeGreaterThan(100e6);
  expect(rows[0].peakBytes).toBeGreaterThanOrEqual(rows[0].endBytes as number);
});

it("profile splits a step's time over its operators", async () => {
  const { rows } = await bench("profile", 2);
  expect(rows.map(({ size }) => size)).toEqual(["reference", "narrow"]);
  for (const row of rows) {
    expect(Object.keys(row)).toEqual(expect.arrayContaining(contract));
    const operators = row.operators as readonly { readonly name: string; readonly selfMs: number }[];
    expect(operators.map(({ name }) => name)).toContain("smash::convWrite2d");
    const sum = operators.reduce((total, { selfMs }) => total + selfMs, 0);
    expect(sum / (row.oursMs as number)).toBeGreaterThan(0.7);
    expect(sum / (row.oursMs as number)).toBeLessThan(1);
  }
});

it("help gives the time of --help above Node's own", async () => {
  const { rows } = await bench("help", 2);
  expect(Object.keys(rows[0])).toEqual(expect.arrayContaining(contract));
  expect(rows[0].oursMs).toBeGreaterThan(rows[0].floorMs as number);
});

it("an unknown benchmark is told the nearest one", async () => {
  const { code, stderr } = await runSmash(["bench", "memroy"]);
  expect(code).toBe(2);
  expect(stderr).toContain(
    'did you mean "memory"? Otherwise use one of hypernet-step, network-step, ranking, growth, profile, input, memory, help.',
  );
});

it("the exponent of a power law is found, whatever its factor", () => {
  expect(exponentOf([1, 2, 4, 8], [5, 10, 20, 40])).toBeCloseTo(1);
  expect(exponentOf([1, 10, 100], [3, 3, 3])).toBeCloseTo(0);
  expect(exponentOf([1, 2, 4], [2, 8, 32])).toBeCloseTo(2);
});

it("growth is the slope of the line through all values, whatever they scatter", () => {
  expect(slope([5, 5, 5, 5])).toBe(0);
  expect(slope([1, 3, 5, 7])).toBe(2);
  expect(slope([0, 1, 1, 0])).toBe(0);
  expect(slope([4])).toBe(0);
});

it("the median of an even count is between the middle two", () => {
  expect(median([10, 1, 3])).toBe(3);
  expect(median([10, 1, 3, 4])).toBe(3.5);
});
