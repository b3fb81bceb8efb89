import { describe, expect, test } from "vitest";
import { drawArchitecture } from "../arch/index.js";
import { rankTrials, type Trial, type TrialOrigin } from "../search/index.js";
import { distinctTrials, emptyRun, fakeRun } from "./fake-run.fixture.js";
import { renderFigures } from "./figures.js";
import { renderReport } from "./html.js";
import { pageText } from "./page-text.fixture.js";
import type { ReportData, RunStatus } from "./report-data.js";

/** The page's tags in order, names and signs only. */
function tags(page: string): string[] {
  return [...page.matchAll(/<(\/?[a-z][a-z0-9]*)(?:\s(?:"[^"]*"|[^">])*)?(\/?)>/gi)].map(
    ([, name, end]) => name + end,
  );
}

/** Every tag is closed by its like, or closes itself. */
function expectBalanced(page: string): void {
  const open: string[] = [];
  for (const [whole, name] of page.matchAll(/<(\/?[a-z][a-z0-9]*)(?:"[^"]*"|[^">])*>/gi)) {
    if (whole.endsWith("/>")) continue;
    if (!name.startsWith("/")) open.push(name);
    else expect(open.pop()).toBe(name.slice(1));
  }
  expect(open).toEqual([]);
}

/** Drawing takes most of a page's time: the figures of the finished run once, and they stand for those that do not matter. */
const figures = await renderFigures(fakeRun());
const finished = await renderReport(fakeRun(), figures);
const render = (data: ReportData) => renderReport(data, figures);

/** Every string in the data, keys of the configuration included, made hostile; sets that the types fix are kept. */
function poisoned(data: ReportData, poison: string): ReportData {
  return {
    ...data,
    run: poison,
    preset: poison,
    dataset: { ...data.dataset, name: poison, classes: data.dataset.classes.map(() => poison) },
    createdWith: {
      smash: poison,
      node: poison,
      libtorch: poison,
      device: poison,
      precision: poison,
      threads: 2,
    },
    config: { [poison]: poison },
    trials: data.trials.map((trial) => ({ ...trial, origin: poison as TrialOrigin })),
    trained: data.trained && { ...data.trained, dataset: poison, checkpoint: poison },
    test: data.test && {
      ...data.test,
      checkpoint: poison,
      dataset: poison,
      classes: data.test.classes.map(() => poison),
      mistakes: data.test.mistakes.map((mistake) => ({ ...mistake, png: poison })),
    },
    reproduce: [poison],
  };
}

describe("renderReport", () => {
  test("leads with the test error of a finished run", () => {
    const page = finished;
    expectBalanced(page);
    expect(page).toContain("<h1>7.48\u00a0% test error on cifar10</h1>");
    expect(pageText(page)).toContain("among 240 architectures by its validation loss with generated weights");
    expect(page.match(/<figure class="plot">/g)).toHaveLength(6);
    expect(page.match(/<tr class="best"|<th scope="row"/g)).toHaveLength(11);
    expect(page).toContain("npx smash search --data cifar10");
  });

  test("asks for nothing from outside and runs nothing", () => {
    const page = finished;
    expect(page).not.toMatch(/<script|<link rel="stylesheet"|@import|url\(|\son[a-z]+=/i);
    const addresses = [...page.matchAll(/https?:\/\/[^"\s]*/g)].map(([address]) => address);
    // Names of XML formats, which nobody fetches.
    expect([...new Set(addresses)].filter((address) => !address.startsWith("http://www.w3.org/"))).toEqual(
      [],
    );
    expect(page).toContain("Content-Security-Policy");
  });

  const poisons = [
    `"><script>alert(1)</script><img src=x onerror=alert(1)>`,
    `'/></style></title></code></pre></svg><b>&amp;`,
    `<!-- ]]> <![CDATA[`,
    "${html} \u0000 \ud800",
  ];
  /** Trials that come from each of these in turn. */
  const from = (origins: readonly string[]) =>
    fakeRun().trials.map((trial, index) => ({
      ...trial,
      origin: origins[index % origins.length] as TrialOrigin,
    }));
  const [hostile, harmless] = [poisons, ["za", "zb", "zc", "zd"]].map((origins) =>
    renderFigures(fakeRun({ trials: from(origins) })),
  );
  test.each(poisons)("shows %j as text and nothing else", async (poison) => {
    const page = await renderReport(poisoned(fakeRun(), poison), await hostile);
    expect(tags(page)).toEqual(tags(await renderReport(fakeRun({ trials: from(["zz"]) }), await harmless)));
    expectBalanced(page);
    expect(page).not.toMatch(/<script|<img(?! src="data:image\/png;base64,)|<!--|<!\[CDATA/);
  });

  const statuses: readonly RunStatus[] = ["training-hypernet", "ranking", "ranked", "training-network"];
  const { trials: someTrials, hypernet } = fakeRun();
  const halves = [
    emptyRun(),
    { ...emptyRun(), hypernet: { ...hypernet, curve: hypernet.curve.slice(0, 1), validation: [] } },
    { ...emptyRun(), hypernet, trials: someTrials.slice(0, 1) },
    { ...emptyRun(), hypernet, trials: someTrials.slice(0, 40), rankedBy: "error" as const },
  ];
  // The status is told in words alone.
  const drawnHalves = Promise.all(halves.map((half) => renderFigures(half)));
  test.each(statuses)("renders a run that is at %s and has no trained network", async (status) => {
    for (const [index, drawn] of (await drawnHalves).entries()) {
      const page = await renderReport({ ...halves[index], status }, drawn);
      expectBalanced(page);
      expect(pageText(page)).not.toMatch(/undefined|NaN|Infinity|\[object/);
      expect(pageText(page)).not.toContain("test error on");
      expect(pageText(page)).toContain("No number in this report comes from them.");
    }
  });

  describe("when another network than the winner was trained", () => {
    const ranked = rankTrials(distinctTrials(), "loss");
    const trainedOf = ({ architecture, parameters, flops }: Trial) =>
      fakeRun({
        trials: ranked,
        trained: { ...fakeRun().trained!, architecture, parameters, flops },
      });

    test("shows its drawing, rank and costs in every part of the page", async () => {
      const page = await renderReport(trainedOf(ranked[2]));
      expect(page).toContain(drawArchitecture(ranked[2].architecture));
      expect(page).not.toContain(drawArchitecture(ranked[0].architecture));
      expect(pageText(page)).not.toMatch(/the winner/i);
      expect(pageText(page)).toMatch(/It is number 3 among 12 architectures by its validation loss/);
      expect(pageText(page)).toMatch(/The trained network .*Rank\s+3 of 12/);
      expect(pageText(page)).toContain("Where the trained network is wrong");
      expect(page).toMatch(/<tr class="best">\s*<th scope="row">3<\/th>/);
      expect(page.match(/class="best"/g)).toHaveLength(1);
      expect(page.match(/>trained<\/text>/g)).toHaveLength(3);
      expect(page).not.toMatch(/>best<\/text>/);
    });

    test("lists it below the best ten where it is none of them", async () => {
      const page = await render(trainedOf(ranked[11]));
      expect(page).toMatch(/<tr class="best">\s*<th scope="row">12<\/th>/);
      expect(page.match(/<th scope="row"/g)).toHaveLength(11);
    });

    test("says nothing of a rank where it is none of the run's", async () => {
      const page = pageText(await renderReport({ ...trainedOf(ranked[0]), trials: ranked.slice(1) }, []));
      expect(page).toContain("It was trained from scratch for 40 epochs.");
      expect(page).not.toMatch(/undefined|NaN|in bold/);
    });
  });

  test("calls the leader the winner only when the search has ended", async () => {
    const ranked = { ...emptyRun(), trials: distinctTrials(), status: "ranked" as const, isRanked: true };
    const done = pageText(await renderReport(ranked, []));
    expect(done).toContain("the best of 12 architectures");
    expect(done).toContain("The winner");
    expect(done).not.toMatch(/so far/);
    const before = pageText(await renderReport({ ...ranked, status: "ranking", isRanked: false }, []));
    expect(before).toContain("the best of 12 architectures so far");
    expect(before).toContain("The leader so far");
    expect(before).not.toMatch(/winner/);
  });

  test("shows the network in training where the log tells which it is", async () => {
    const trials = rankTrials(distinctTrials(), "loss");
    const run = { ...emptyRun(), trials, status: "training-network" as const, isRanked: true };
    const second = await render({ ...run, inTraining: trials[1].architecture });
    expect(second).toContain("<h1>Training number 2 of 12 architectures</h1>");
    expect(second).toContain(drawArchitecture(trials[1].architecture));
    const first = await render({ ...run, inTraining: trials[0].architecture });
    expect(first).toContain("<h1>Training the best of 12 architectures</h1>");
    expect(await render(run)).toContain("<h1>Training a network for cifar10</h1>");
  });

  test("ranked by loss and NASWOT says what that is, and lists both", async () => {
    const page = pageText(await render(fakeRun({ rankedBy: "loss+naswot" })));
    expect(page).toMatch(/by its\s+mean rank in validation loss with generated weights and in NASWOT/);
    expect(page).toMatch(/ranks in this run in two measures: the loss on 1,000/);
    expect(page).toMatch(/Loss \(nats\)\s+NASWOT/);
    expect(pageText(finished)).not.toContain("NASWOT");
  });

  test("ranked by predicted errors says what these are and what they come from", async () => {
    const { trials } = fakeRun();
    const page = pageText(
      await render(
        fakeRun({
          rankedBy: "predicted",
          surrogate: { seconds: 1500, checks: Array(48).fill({ error: 0.4, predicted: 0.4 }) },
          trials: trials.map((trial) => ({ ...trial, predictedError: 0.3 + trial.id / 1000 })),
        }),
      ),
    );
    expect(page).toMatch(/among 240 architectures by its\s+predicted error, /);
    expect(page).toContain("A surrogate, which has learned from a few trained networks, orders them");
    expect(page).toContain("surrogate expects of an architecture");
    const ranked = fakeRun({ rankedBy: "predicted", trained: undefined, status: "ranked" });
    expect(await render(ranked)).toMatch(
      /<h1>Predicted error \d\d\.\d\d\s% \(reduced network\): the best of 240 architectures/,
    );
    expect(page).toMatch(/48 networks, reduced and trained briefly, in 25 min/);
    expect(page).toMatch(/Loss \(nats\)\s+Predicted error/);
    expect(page).toMatch(/1\s+55\.72 %\s+1\.624\s+30\.00 %\s+360k/);
    expect(pageText(finished)).not.toContain("surrogate");
  });

  test("says which trials were fine-tuned, how, and that they were chosen from", async () => {
    const run = fakeRun();
    const fineTuned = { validationError: 0.25, validationLoss: 0.4567 };
    const tuned = run.trials.map((trial) => (trial.id < 3 ? { ...trial, fineTuned } : trial));
    const page = pageText(await render({ ...run, trials: tuned }));
    expect(page).toMatch(/the best 3, for 100 steps at a rate of 0\.01/);
    expect(page).toMatch(/among the best 3 of them after fine-tuning/);
    expect(page.match(/0\.457/g)).toHaveLength(3);
    expect(pageText(finished)).not.toContain("ine-tuned");
  });

  test("says which trials were finalists, for how long they were trained, and that they were chosen from", async () => {
    const fake = fakeRun({ trials: distinctTrials() });
    const trained = { epochs: 2, validationError: 0.2512, validationLoss: 0.7 };
    const [shown, ...others] = rankTrials(fake.trials, fake.rankedBy);
    const run = { ...fake, trained: { ...fake.trained!, architecture: shown.architecture } };
    const finals = [shown, ...others.slice(0, 2)];
    const trials = run.trials.map((trial) => (finals.includes(trial) ? { ...trial, trained } : trial));
    const page = pageText(await render({ ...run, trials }));
    expect(page).toMatch(/Then trained from scratch\s+3 finalists, for 2 epochs/);
    expect(page).toMatch(/among 3 finalists by their errors after 2 epochs of training, /);
    expect(page.match(/25\.12/g)).toHaveLength(3);
    // Not of one that was no finalist.
    const unchosen = trials.map((trial) => (trial.id === shown.id ? shown : trial));
    expect(pageText(await render({ ...run, trials: unchosen }))).not.toContain("by their errors after");
    expect(pageText(finished)).not.toContain("finalist");
    expect(pageText(finished)).not.toContain("Trained error");
  });

  test("says how many images the scores are from, which is fewer than were held out", () => {
    const page = pageText(finished);
    expect(page).toMatch(/scored on the same\s+1,000\s+validation/);
    expect(page).toMatch(/Validation images, held out\s+5,000/);
  });

  test("tells the HyperNet's parameters from the freely learned ones", () => {
    const page = pageText(finished);
    expect(page).toMatch(/HyperNet parameters\s+562k/);
    expect(page).toMatch(/Freely learned, shared parameters\s+185k/);
  });

  test("shows the top-5 error only where it says something", async () => {
    const run = fakeRun();
    expect(pageText(finished)).not.toContain("top 5");
    const classes = Array.from({ length: 100 }, (_, index) => `class ${index}`);
    expect(pageText(await render({ ...run, dataset: { ...run.dataset, classes } }))).toContain("top 5");
  });

  test("names the data set that a network was trained on, where it is not the run's", async () => {
    const run = fakeRun();
    const page = pageText(await render({ ...run, trained: { ...run.trained!, dataset: "stl10" } }));
    expect(page).toMatch(/7\.48 % test error on stl10/);
    expect(page).toMatch(/Trained from scratch .* Data set\s+stl10/);
    expect(page).not.toContain("test error on cifar10");
  });

  test("breaks a data set's path where a phone's screen ends", () => {
    expect(finished).toMatch(/h1, p \{ overflow-wrap: anywhere; \}/);
  });

  test("leaves out how many images there are where the data set is not there", async () => {
    const run = fakeRun({ test: undefined });
    const dataset = { ...run.dataset, trainImages: undefined, testImages: undefined };
    const page = pageText(await render({ ...run, dataset }));
    expect(page).toMatch(/Validation images, held out\s+5,000/);
    expect(page).not.toMatch(/(Training|Test) images \d|NaN|undefined/);
  });

  test("gives the same bytes for the same data, with figures drawn before or not", async () => {
    expect(await renderReport(fakeRun())).toBe(finished);
  });

  test("has a dark partner for every colour of the figures", () => {
    for (const { svg } of figures) {
      for (const [, property, color] of svg.matchAll(/ (fill|stroke)="(#[0-9a-f]+)"/g)) {
        expect(finished).toContain(`[${property}="${color}"]`);
      }
    }
  });
});
