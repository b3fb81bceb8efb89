import { readdirSync, readFileSync } from "node:fs";
import sharp from "sharp";
import { describe, expect, test, vi } from "vitest";
import type { TrialOrigin } from "../search/index.js";
import { drawFigure } from "./draw-figure.js";
import { distinctTrials, emptyRun, fakeRun } from "./fake-run.fixture.js";
import { renderFigures } from "./figures.js";
import { planScoreAgainstParameters } from "./score-against-cost.js";
import { scoreAxis } from "./score-axis.js";
import { planSurrogateCheck } from "./surrogate-check.js";
import { planScoreHistogram } from "./score-histogram.js";

const names = (figures: readonly { readonly name: string }[]) => figures.map(({ name }) => name);
const scoreFigures = ["score-histogram", "rank-curve", "score-parameters", "score-multiply-adds"];

/** librsvg reads with libxml2, which refuses anything that is not well-formed. */
async function expectWellFormed(svg: string): Promise<void> {
  const { format, width, height } = await sharp(Buffer.from(svg)).metadata();
  expect({ format, width, height }).toEqual({ format: "svg", width: 440, height: 290 });
  // librsvg forgives an unclosed end; count the tags as well.
  const opened = svg.match(/<[a-z][^>]*[^/]>|<[a-z]>/g) ?? [];
  const closed = svg.match(/<\/[a-z]+>/g) ?? [];
  expect(opened.length).toBe(closed.length);
}

const finished = await renderFigures(fakeRun());

describe("renderFigures", () => {
  test("draws every figure of a finished run as a well-formed, labelled picture", async () => {
    const figures = finished;
    expect(names(figures)).toEqual(["hypernet-curve", ...scoreFigures, "winner-curve"]);
    for (const { svg, title, caption } of figures) {
      await expectWellFormed(svg);
      expect(svg).toContain(`role="img" aria-label="${title}"`);
      expect(svg).toContain(`<desc>${caption}</desc>`);
    }
  });

  test("leaves out figures without data", async () => {
    expect(await renderFigures(emptyRun())).toEqual([]);
    const { hypernet, trials } = fakeRun();
    expect(names(await renderFigures({ ...emptyRun(), hypernet }))).toEqual(["hypernet-curve"]);
    expect(names(await renderFigures({ ...emptyRun(), trials }))).toEqual(scoreFigures);
    expect(await renderFigures({ ...emptyRun(), trials: trials.slice(0, 1) })).toEqual([]);
  });

  test("draws the Pareto front through the scores against each cost", () => {
    for (const { name, svg, caption } of finished) {
      const hasFront = /^score-(parameters|multiply-adds)$/.test(name);
      expect(caption.includes("The line is the Pareto front"), name).toBe(hasFront);
      if (hasFront) expect(svg).toContain("mark-line");
    }
  });

  test("gives the same bytes for the same data", async () => {
    expect(await renderFigures(fakeRun())).toEqual(finished);
  });

  test("needs no ids, so that several can share one page", () => {
    for (const { svg } of finished) expect(svg).not.toMatch(/\sid="|url\(#/);
  });

  test("stays well-formed with hostile origins and data set names", async () => {
    const hostile = `</text><script>alert("&'")</script>\u0000`;
    const run = fakeRun();
    const trials = run.trials.map((trial) => ({ ...trial, origin: hostile as TrialOrigin }));
    for (const { svg } of await renderFigures({ ...run, trials })) {
      await expectWellFormed(svg.replaceAll("\u0000", ""));
      expect(svg).not.toContain("<script");
    }
  });

  test.each([
    ["loss", "validation loss (nats)"],
    ["error", "validation error (%)"],
    ["loss+naswot", "mean rank"],
    ["predicted", "predicted error (%)"],
  ] as const)("names the score when ranked by %s, at the side in two lines", async (rankedBy, unit) => {
    const [, histogram, ...others] = (await renderFigures(fakeRun({ rankedBy }))).slice(0, 5);
    expect(histogram.svg).toContain(`>SMASH score: ${unit}<`);
    for (const { svg } of others) {
      expect(svg).toContain(">SMASH score:<");
      expect(svg).toContain(`>${unit}<`);
    }
  });

  test("leaves scores far out off the axis and says so", async () => {
    const run = fakeRun();
    const trials = run.trials.map((trial, index) =>
      index < 3 ? { ...trial, validationLoss: [500, NaN, Infinity][index] } : trial,
    );
    const figures = await renderFigures({ ...run, trials });
    for (const { caption, svg } of figures.slice(1, 5)) {
      expect(caption).toContain("3 of 240 scores lie far above");
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  test.each([
    [62_000, 243_000],
    [85_000, 125_000],
    [96_000, 98_000],
    [5_000, 5_000_000],
  ])("numbers at least three ticks of sizes from %i to %i, and every tick", async (least, most) => {
    const run = fakeRun();
    const spread = (index: number) => Math.round(least * (most / least) ** (index / (run.trials.length - 1)));
    const trials = run.trials.map((trial, index) => ({ ...trial, parameters: spread(index) }));
    const { svg } = await drawFigure(planScoreAgainstParameters({ ...run, trials })!);
    // The horizontal axis comes first; Vega hides a label that would overlap another, and leaves its tick.
    const labels = svg.split("role-axis-label")[1].split("</g>")[0];
    expect(labels.match(/<text/g)?.length).toBeGreaterThanOrEqual(3);
    expect(labels).not.toContain('opacity="0"');
  });

  test("are drawn without a word on the terminal", async () => {
    const warn = vi.spyOn(console, "warn").mockReturnValue();
    await renderFigures(fakeRun());
    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test("copes with equal scores, equal and zero costs", async () => {
    const run = fakeRun();
    const trials = run.trials
      .slice(0, 12)
      .map((trial, index) => ({ ...trial, validationLoss: 1, parameters: 5_000, flops: index < 6 ? 0 : 9 }));
    for (const { svg } of await renderFigures({ ...run, trials })) {
      await expectWellFormed(svg);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    }
  });
});

/** "800k" as a number. */
function readLabel(label: string): number {
  const [, digits, unit] = /^([\d.]+)([kM]?)$/.exec(label)!;
  return Number(digits) * { "": 1, k: 1e3, M: 1e6 }[unit as "" | "k" | "M"];
}

interface Mark {
  readonly kind: string;
  /** Fill, or else the stroke. */
  readonly color: string;
  /** In the units of the axes. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** What a picture shows, read back from the labels of its axes: places to three digits. Bars are two corners. */
function readMarks(svg: string, { log = false } = {}): readonly Mark[] {
  const axis = (pattern: RegExp, isLog: boolean) => {
    const labels = [...svg.matchAll(pattern)].map(([, at, label]) => [Number(at), readLabel(label)] as const);
    const [to, from] = isLog ? [Math.log, Math.exp] : [(value: number) => value, (value: number) => value];
    const [[place, value], [otherPlace, otherValue]] = [labels[0], labels.at(-1)!];
    const slope = (to(otherValue) - to(value)) / (otherPlace - place);
    return (at: number) => Number(from(to(value) + (at - place) * slope).toPrecision(3));
  };
  const x = axis(/"middle" transform="translate\(([\d.-]+),17\)"[^>]*>([^<]*)</g, log);
  // The middle of a label is four pixels above its foot.
  const readY = axis(/"end" transform="translate\(-4,([\d.-]+)\)"[^>]*>([^<]*)</g, false);
  const y = (at: number) => readY(at + 4);
  const groups = svg.matchAll(/<g class="mark-(symbol|line|rect|rule) role-mark [^>]*>(.*?)<\/g>/gs);
  return [...groups].flatMap(([, kind, group]) =>
    [...group.matchAll(/<(?:path|line) [^>]*>/g)].map(([tag]): Mark => {
      const color = /fill="(#\w+)"/.exec(tag)?.[1] ?? /stroke="(#\w+)"/.exec(tag)![1];
      const moved = /translate\(([\d.-]+),([\d.-]+)\)/.exec(tag);
      if (moved) return { kind, color, points: [[x(Number(moved[1])), y(Number(moved[2]))]] };
      const corner = /d="M([\d.-]+),([\d.-]+)h([\d.-]+)v([\d.-]+)/.exec(tag)?.slice(1).map(Number);
      if (corner) {
        const [left, top, width, height] = corner;
        const points = [[x(left), y(top + height)] as const, [x(left + width), y(top)] as const];
        return { kind, color, points };
      }
      const path = [...tag.matchAll(/[ML]([\d.-]+),([\d.-]+)/g)];
      return { kind, color, points: path.map(([, across, down]) => [x(Number(across)), y(Number(down))]) };
    }),
  );
}

const [blue, orange, green, grey, ink] = ["#0072b2", "#e69f00", "#009e73", "#6b7785", "#1f2933"];

describe("the marks of a figure stand for the run's numbers:", () => {
  const made = [
    ["chain", 0.93, 400_000, 30e6],
    ["perturb", 0.51, 800_000, 20e6],
    ["chain", 0.71, 200_000, 50e6],
    ["perturb", 0.83, 1_600_000, 10e6],
    ["perturb", 0.935, 150_000, 60e6],
  ] as const;
  const trials = distinctTrials()
    .slice(0, made.length)
    .map((trial, index) => {
      const [origin, validationLoss, parameters, flops] = made[index];
      return { ...trial, origin, validationLoss, parameters, flops };
    });
  const curve = [0.5, 0.3, 0.1].map((trainError, index) => ({
    ...{ epoch: index + 1, trainError, validationError: trainError + 0.1 },
    ...{ trainLoss: 9, validationLoss: 9 },
  }));
  const run = fakeRun({
    trials,
    hypernet: {
      ...fakeRun().hypernet,
      curve: [0.8, 0.6, 0.5].map((error, index) => ({ step: 100 * (index + 1), loss: 9, error })),
      validation: [0.7, 0.55].map((error, index) => ({ step: 100 * (index + 2), loss: 9, error })),
    },
    // The second best.
    trained: { ...fakeRun().trained!, architecture: trials[2].architecture, testError: 0.25, curve },
  });
  const drawn = renderFigures(run);
  const marksOf = async (name: string, options?: { readonly log: boolean }) =>
    readMarks((await drawn).find((figure) => figure.name === name)!.svg, options);
  const points = (marks: readonly Mark[], kind: string) =>
    marks.filter((mark) => mark.kind === kind).map(({ color, points: [at] }) => [color, ...at]);
  const lines = (marks: readonly Mark[]) =>
    marks.filter(({ kind }) => kind === "line").map((mark) => [mark.color, mark.points]);

  test("scores by rank", async () => {
    const marks = await marksOf("rank-curve");
    const expected = [
      [orange, 1, 0.51],
      [green, 2, 0.71],
      [orange, 3, 0.83],
      [green, 4, 0.93],
      [orange, 5, 0.935],
    ];
    expect(points(marks, "symbol")).toEqual(expected);
    expect(lines(marks)).toEqual([[grey, expected.map(([, rank, score]) => [rank, score])]]);
    // Colours apart, the origins differ in shape.
    const { svg } = (await drawn)[2];
    const shapes = [orange, green].map(
      (color) => new RegExp(`<path transform="[^"]*" d="([^"]*)" fill="${color}"`).exec(svg)![1],
    );
    expect(shapes[0]).not.toBe(shapes[1]);
  });

  test("a bar holds as many architectures as have a score between its sides", async () => {
    const marks = await marksOf("score-histogram");
    const bars = marks.filter(({ kind }) => kind === "rect");
    const heldBy = (color: string, score: number) =>
      bars
        .filter((bar) => bar.color === color && bar.points[0][0] <= score && score < bar.points[1][0])
        .reduce((sum, { points: [[, foot], [, top]] }) => sum + top - foot, 0);
    expect(bars.reduce((sum, { points: [[, foot], [, top]] }) => sum + top - foot, 0)).toBeCloseTo(5);
    for (const [origin, score] of made)
      expect(heldBy({ chain: green, perturb: orange }[origin], score)).toBe(1);
    // No bar is wider than the steps between these scores, but for the last two.
    for (const {
      points: [[left], [right]],
    } of bars)
      expect(right - left).toBeLessThan(0.05);
    expect(points(marks, "rule").map(([color, score]) => [color, score])).toEqual([[ink, 0.71]]);
    expect((await drawn)[1].caption).toContain("The dashed line marks the one trained.");
    expect(planScoreHistogram({ ...run, trained: undefined })!.caption).toContain("marks the best.");
  });

  test("a surrogate is shown by what it says of networks it does not know", () => {
    const checks = [0.41, 0.38, 0.4].map((error, place) => ({ error, predicted: 0.39 + place / 100 }));
    const surrogate = { seconds: 1, checks };
    const { caption, spec } = planSurrogateCheck(fakeRun({ surrogate }))!;
    expect(caption).toMatch(/each of the 3 reduced networks .* predicted by weights fitted to the others/);
    expect(caption).toContain("Spearman correlation -0.50, usual difference 1.7 %");
    const [line, points] = (spec as { layer: { data: { values: unknown } }[] }).layer;
    expect(points.data.values).toEqual(checks);
    expect(line.data.values).toEqual([0.38, 0.41].map((end) => ({ predicted: end, error: end })));
    expect(planSurrogateCheck(fakeRun())).toBeUndefined();
  });

  test("a finalist that leads is marked as the leader: its score need not be the best", () => {
    const run = fakeRun({ trained: undefined });
    const trained = { epochs: 1, validationError: 0.2, validationLoss: 0.7 };
    const trials = run.trials.map((trial) => (trial.id === 3 ? { ...trial, trained } : trial));
    expect(scoreAxis({ ...run, trials })!.marked!.label).toBe("leader");
    expect(planScoreHistogram({ ...run, trials })!.caption).toContain(
      "The dashed line marks the one that leads after the finalists' training.",
    );
  });

  test.each([
    [
      "parameters",
      [800_000, 200_000, 1_600_000, 400_000, 150_000],
      ["200k", "500k", "1M"],
      [
        [150_000, 0.935],
        [200_000, 0.935],
        [200_000, 0.71],
        [800_000, 0.71],
        [800_000, 0.51],
      ],
    ],
    [
      "multiply-adds",
      [20e6, 50e6, 10e6, 30e6, 60e6],
      ["10M", "20M", "50M"],
      [
        [10e6, 0.83],
        [20e6, 0.83],
        [20e6, 0.51],
      ],
    ],
  ] as const)(
    "scores against %s, with the best score to be had up to each size",
    async (noun, costs, ticks, front) => {
      const marks = await marksOf(`score-${noun}`, { log: true });
      expect(points(marks, "symbol")).toEqual([
        [orange, costs[0], 0.51],
        [green, costs[1], 0.71],
        [orange, costs[2], 0.83],
        [green, costs[3], 0.93],
        [orange, costs[4], 0.935],
        // The ring of the trained one.
        [ink, costs[1], 0.71],
      ]);
      expect(lines(marks)).toEqual([[grey, front]]);
      const { svg, caption } = (await drawn).find(({ name }) => name === `score-${noun}`)!;
      // Multiples of powers of ten by 1, 2 and 5 from the least to the most.
      expect([...svg.matchAll(/,17\)"[^>]*>([^<]*)</g)].map(([, label]) => label)).toEqual(ticks);
      expect(caption).toContain(`counting ${noun} does as well`);
      expect(svg).toMatch(new RegExp(`>${noun}[a-z ]* \\(logarithmic\\)<`));
    },
  );

  test("errors of the HyperNet and of ordinary training, in percent, and the level to compare with", async () => {
    const hypernet = await marksOf("hypernet-curve");
    expect(lines(hypernet)).toEqual([
      [
        orange,
        [
          [100, 80],
          [200, 60],
          [300, 50],
        ],
      ],
      [
        blue,
        [
          [200, 70],
          [300, 55],
        ],
      ],
    ]);
    // Nine of ten guesses at ten classes are wrong.
    expect(points(hypernet, "rule").map(([, , error]) => error)).toEqual([90]);
    const winner = await marksOf("winner-curve");
    const errors = [50, 30, 10];
    expect(lines(winner)).toEqual([
      [orange, errors.map((error, index) => [index + 1, error])],
      [blue, errors.map((error, index) => [index + 1, error + 10])],
    ]);
    expect(points(winner, "rule").map(([, , error]) => error)).toEqual([25]);
  });
});

test("scores more than three quartile ranges above the upper quartile are far out, among eight or more", () => {
  const [sample] = fakeRun().trials;
  const axis = (losses: readonly number[]) =>
    scoreAxis(fakeRun({ trials: losses.map((validationLoss, id) => ({ ...sample, id, validationLoss })) }))!;
  // Quartiles of eight: the second and the seventh, 2 and 7.
  const others = [1, 2, 3, 4, 5, 6, 7];
  expect(axis([...others, 22]).rows.map(({ score }) => score)).toEqual([...others, 22]);
  expect(axis([22.01, ...others]).rows).toHaveLength(7);
  expect(axis([22.01, ...others]).omitted).toBe(" 1 of 8 scores lie far above the others and are not drawn.");
  expect(axis([...others.slice(1), 1000]).rows).toHaveLength(7);
});

test("no file loads Vega before something is drawn", () => {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".ts"));
  expect(files).toContain("draw-figure.ts");
  for (const file of files.filter((name) => !name.endsWith(".test.ts"))) {
    const source = readFileSync(`${import.meta.dirname}/${file}`, "utf8");
    expect(source, file).not.toMatch(/^import (?!type\b)[^;]*from "vega/m);
  }
});
