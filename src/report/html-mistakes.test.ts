import sharp from "sharp";
import { expect, test } from "vitest";
import { Random } from "../random.js";
import { fakeRun, fakeTest } from "./fake-run.fixture.js";
import { classErrors, confusedPairs } from "./confusion.js";
import { drawConfusion } from "./confusion-map.js";
import { mistakesSection } from "./html-mistakes.js";
import { render } from "./html-markup.js";

const names = (count: number) => Array.from({ length: count }, (_, index) => `class ${index}`);
const testOf = (count: number) => fakeTest(Random.stream(1), names(count));
const confusion = [
  [6, 2, 2],
  [0, 10, 0],
  [0, 0, 0],
];
const drawn = (count: number) => render(drawConfusion(testOf(count)));

test("a class's error is the share of its images that were taken for others", () => {
  expect(classErrors(confusion)).toEqual([
    { label: 0, images: 10, error: 0.4 },
    { label: 1, images: 10, error: 0 },
    { label: 2, images: 0, error: NaN },
  ]);
});

test("confused pairs come by number of images, of equal ones the first class first", () => {
  const many = [
    [1, 2, 7],
    [7, 0, 0],
    [0, 0, 5],
  ];
  expect(confusedPairs(many)).toEqual([
    { truth: 0, prediction: 2, images: 7, share: 0.7 },
    { truth: 1, prediction: 0, images: 7, share: 1 },
    { truth: 0, prediction: 1, images: 2, share: 0.2 },
  ]);
});

test("the map has a cell for every pair that occurs, in shades of two colours", () => {
  const svg = render(drawConfusion({ ...testOf(3), confusion }));
  const cells = (color: string) =>
    [...svg.matchAll(/fill="(#[0-9a-f]+)" fill-opacity="([\d.]+)" d="([^"]*)"/g)]
      .filter((match) => match[1] === color)
      .map(([, , opacity, path]) => [Number(opacity), path.split("M").length - 1]);
  expect(cells("#0072b2")).toEqual([
    [0.6, 1],
    [1, 1],
  ]);
  // The most frequent confusion has the full colour.
  expect(cells("#d55e00")).toEqual([[1, 2]]);
  expect(svg.match(/text-anchor="middle"\s+fill="#(ffffff|1f2933)"\s*>(60|20|100)</g)).toHaveLength(4);
});

test.each([2, 10, 30, 100, 128])(
  "the map of %i classes is a well-formed picture of bounded size",
  async (count) => {
    const svg = drawn(count);
    const { format, width, height } = await sharp(Buffer.from(svg)).metadata();
    expect(format).toBe("svg");
    expect(Math.max(width, height)).toBeLessThan(900);
    expect(svg.length).toBeLessThan(300_000);
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg.includes("class 1<")).toBe(count <= 30);
  },
);

test("a thousand classes come as tables of pairs and of classes, without a map", () => {
  const page = render(mistakesSection(fakeRun({ test: testOf(1000) })));
  expect(page).not.toContain("<svg");
  expect(page).toContain("Most confused");
  expect(page).toContain("Hardest classes");
});

test("every mistake is an image that says what it is, what it was taken for, and how surely", () => {
  const page = render(mistakesSection(fakeRun()));
  expect(page.match(/<img src="data:image\/png;base64,/g)).toHaveLength(24);
  expect(page).toContain('alt="test image 100: automobile, taken for bird"');
  expect(page).toMatch(/<strong>bird<\/strong> 98\.0\s%<br \/>true: automobile 1\.0\s%/);
});

test("a faultless test is told as one, and a run without a test has no section", () => {
  const faultless = {
    ...testOf(2),
    confusion: [
      [5, 0],
      [0, 5],
    ],
    mistakes: [],
  };
  const page = render(mistakesSection(fakeRun({ test: faultless })));
  expect(page).toContain("Every test image was classified rightly.");
  expect(page).not.toMatch(/Most confused|NaN/);
  expect(mistakesSection(fakeRun({ test: undefined }))).toBeUndefined();
});
