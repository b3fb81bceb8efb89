import { readdirSync, readFileSync } from "node:fs";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import type { TrialOrigin } from "../search/index.js";
import { drawFigure } from "./draw-figure.js";
import { emptyRun, fakeRun } from "./fake-run.fixture.js";
import { renderFigures } from "./figures.js";
import { planScoreAgainstParameters } from "./score-against-cost.js";

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
  ] as const)("names the score when ranked by %s", async (rankedBy, unit) => {
    const figures = await renderFigures(fakeRun({ rankedBy }));
    for (const { svg } of figures.slice(1, 5)) expect(svg).toContain(`SMASH score: ${unit}`);
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

test("no file loads Vega before something is drawn", () => {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith(".ts"));
  expect(files).toContain("draw-figure.ts");
  for (const file of files.filter((name) => !name.endsWith(".test.ts"))) {
    const source = readFileSync(`${import.meta.dirname}/${file}`, "utf8");
    expect(source, file).not.toMatch(/^import (?!type\b)[^;]*from "vega/m);
  }
});
