import { expect, it } from "vitest";
import { drawFigure } from "../../report/index.js";
import { runSmash } from "../built-cli.fixture.js";
import { median } from "./bench/benchmark.js";
import { planGrowth } from "./bench/growth-figure.js";
import { fitPowerLaw } from "./bench/growth.js";
import { slope } from "./bench/memory.js";

interface Document {
  readonly benchmark: string;
  readonly rows: readonly Readonly<Record<string, unknown>>[];
}

async function bench(name: string, steps: number, env: NodeJS.ProcessEnv = {}): Promise<Document> {
  const { code, stdout, stderr } = await runSmash(["bench", name, "--steps", String(steps), "--json"], {
    env,
  });
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

it("memory gives the peak of the whole process, and no step leaves a tensor behind; it needs no PyTorch", async () => {
  const { rows } = await bench("memory", 3, { SMASH_PYTHON: "/nowhere/python3" });
  expect(Object.keys(rows[0])).toEqual(expect.arrayContaining(contract));
  expect(rows[0]).toMatchObject({ size: "reference", steps: 3, moreTensors: 0, peerPeakBytes: null });
  // libtorch alone is more than this.
  expect(rows[0].endBytes).toBeGreaterThan(100e6);
  expect(rows[0].peakBytes).toBeGreaterThanOrEqual(rows[0].endBytes as number);
});

it("a comparison with plain PyTorch says what is missing where there is none", async () => {
  const env = { SMASH_PYTHON: "/nowhere/python3" };
  const { code, stderr } = await runSmash(["bench", "ranking", "--steps", "1"], { env });
  expect(code).toBe(1);
  expect(stderr).toContain("Found: none among /nowhere/python3. Fix: apt-get install python3-torch");
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
    const named = (name: string) => operators.find((operator) => operator.name === name)!.selfMs;
    const [kernelMs, share] = [row.kernelMs as number, row.overheadShare as number];
    expect(kernelMs).toBeGreaterThan(named("kernel::convForward") + named("kernel::convBackward"));
    // Calls, nodes and copies are in the sum, but no kernels.
    expect(kernelMs).toBeLessThan(sum - named("smash::convWrite2d") - named("aten::copy_"));
    expect(share).toBeCloseTo(1 - kernelMs / (row.oursMs as number), 10);
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

it("a power law is found, exponent and factor", () => {
  const expectLaw = (x: readonly number[], y: readonly number[], exponent: number, factor: number) => {
    const law = fitPowerLaw(x, y);
    expect(law.exponent).toBeCloseTo(exponent);
    expect(law.factor).toBeCloseTo(factor);
  };
  expectLaw([1, 2, 4, 8], [5, 10, 20, 40], 1, 5);
  expectLaw([2, 20, 200], [3, 3, 3], 0, 3);
  expectLaw([1, 2, 4], [2, 8, 32], 2, 2);
});

it("the figure of growth has the measured points, the fitted line and the proportional one, as multiples", async () => {
  const values = [10, 20, 40];
  const ms = [100, 150, 225];
  const plan = planGrowth([{ name: "depth", values, ms, law: fitPowerLaw(values, ms) }]);
  const { data, layer } = plan.spec as unknown as {
    readonly data: { readonly values: readonly { readonly size: number; readonly time: number }[] };
    readonly layer: readonly {
      readonly data?: { readonly values: readonly { readonly size: number; readonly time: number }[] };
    }[];
  };
  const places = (points: typeof data.values) =>
    points.map(({ size, time }) => [size, Number(time.toFixed(6))]);
  expect(places(data.values)).toEqual([
    [1, 1],
    [2, 1.5],
    [4, 2.25],
  ]);
  expect(places(layer[0].data!.values)).toEqual([
    [1, 1],
    [4, 4],
  ]);
  expect(places(layer[1].data!.values)).toEqual([
    [1, 1],
    [4, 2.25],
  ]);
  const { svg } = await drawFigure(plan);
  expect(svg).toContain("depth: exponent 0.58");
  expect(svg).toContain("depth 10 to 40, 100 to 225 ms");
});

it("a folder for the figure is refused where there is none, before anything is measured", async () => {
  const { code, stderr } = await runSmash(["bench", "memory", "--out", "figures"]);
  expect(code).toBe(2);
  expect(stderr).toContain("use growth");
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
