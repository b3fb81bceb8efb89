import sharp from "sharp";
import { expect, test } from "vitest";
import { Random } from "../random.js";
import { fakeRun, fakeTest } from "./fake-run.fixture.js";
import { classErrors, confusedPairs } from "./confusion.js";
import { drawConfusion } from "./confusion-map.js";
import { pageText } from "./page-text.fixture.js";
import { mistakesSection } from "./html-mistakes.js";
import { render } from "./html-markup.js";
import type { TestDetails } from "./report-data.js";

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

test("a row of the map is a true class and a column a predicted one, with the row's percentages and error", () => {
  const uneven = [
    [0, 1, 3],
    [5, 500, 1],
    [0, 0, 0],
  ];
  const svg = render(
    drawConfusion({ ...testOf(3), classes: ["cat", "dog", "an owl of seventeen"], confusion: uneven }),
  );
  // Squares of 40 pixels; the mistakes of the first row lie in its second and third column.
  const cells = [...svg.matchAll(/fill="#d55e00" fill-opacity="([\d.]+)" d="([^"]*)"/g)];
  expect(cells.map(([, opacity, path]) => [Number(opacity), path])).toEqual([
    // A third of the most frequent confusion, the most frequent one, and two rare ones that can still be seen.
    [0.3, "M40.5 0.5h39v39h-39z"],
    [1, "M80.5 0.5h39v39h-39z"],
    [0.1, "M0.5 40.5h39v39h-39zM80.5 40.5h39v39h-39z"],
  ]);
  const numbers = [
    ...svg.matchAll(/<text x="(\d+)" y="(\d+)" text-anchor="middle" fill="([^"]+)"\s*>([^<]+)</g),
  ];
  expect(numbers.filter(([, , , color]) => color !== "#6b7785").map((match) => match.slice(1))).toEqual([
    ["60", "24", "#1f2933", "25"],
    ["100", "24", "#ffffff", "75"],
    ["20", "64", "#1f2933", "1"],
    ["60", "64", "#ffffff", "99"],
    ["100", "64", "#1f2933", "&lt;1"],
  ]);
  expect(svg).toMatch(/y="14" text-anchor="middle"[^>]*>predicted</);
  expect(svg).toMatch(/rotate\(-90 14 [^>]*>\s*true\s*</);
  expect([...svg.matchAll(/text-anchor="end"\s*>([^<]*)</g)].map(([, text]) => text)).toEqual([
    ...["cat", "dog", "an owl of sevente…"],
    // None of the four cats, all but six of 506 dogs, no owl.
    ...["100.0 %", "1.2 %", ""],
  ]);
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

test("tables list the most confused pairs and, where the map names no classes, the hardest ones", () => {
  const count = 31;
  const wrong = new Map([
    ["3 4", 2],
    ["5 6", 24],
  ]);
  const imagesOf = (truth: number, prediction: number) =>
    wrong.get(`${truth} ${prediction}`) ?? (truth === prediction && truth > 2 ? 8 : 0);
  const rows = Array.from({ length: count }, (_, truth) =>
    Array.from({ length: count }, (_, prediction) => imagesOf(truth, prediction)),
  );
  const text = (data: TestDetails) => pageText(`<body>${render(mistakesSection(fakeRun({ test: data })))}`);
  expect(text({ ...testOf(count), confusion: rows })).toContain(
    "Most confused True class Taken for Images Share of the class class 5 class 6 24 75.0 % " +
      "class 3 class 4 2 20.0 % Hardest classes True class Images Error class 5 32 75.0 % class 3 10 20.0 % " +
      // Classes 0 to 2 have no images; ten are listed.
      `${[4, 6, 7, 8, 9, 10, 11, 12].map((label) => `class ${label} 8 0.0 %`).join(" ")} Its surest mistakes`,
  );
  expect(text(testOf(30))).not.toContain("Hardest classes");
  const page = render(mistakesSection(fakeRun({ test: { ...testOf(3), confusion } })));
  expect(page).toMatch(
    /<td class="name">class 0<\/td>\s*<td class="name">class 1<\/td>\s*<td class="number">2</,
  );
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
