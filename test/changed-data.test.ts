/** What a run says when its own image folder is no longer the one it began with. */

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { builtModule, runSmash } from "../src/cli/built-cli.fixture.js";
import { temporaryFolder } from "./search-command.fixture.js";

const base = temporaryFolder("changed");
const began = join(base, "began");
const config = join(base, "settings.json");

/** Images of one colour, each another: `first`, `first` + 1, … */
async function addImages(root: string, name: string, { count = 10, first = 0, as = "" } = {}): Promise<void> {
  mkdirSync(join(root, name), { recursive: true });
  for (let index = first; index < first + count; index++) {
    const background = { r: 20 * index, g: name.charCodeAt(0), b: 0 };
    const image = sharp({ create: { width: 8, height: 8, channels: 3, background } });
    await image.png().toFile(join(root, name, as || `${index}.png`));
  }
}

const place = ["--data-dir", join(base, "data"), "--threads", "1"];
const search = (images: string, out: string, ...more: string[]) =>
  runSmash(
    `search --data folder:${images} --image-size 8 --preset tiny --config ${config} --out ${out}`
      .split(" ")
      .concat(place, more),
  );
const rank = (run: string) => runSmash(["rank", "--run", run, "--samples", "1", ...place]);

/** A run on images of its own, which a test may change. */
function copyRun(name: string) {
  const copy = { images: join(base, name, "images"), run: join(base, name, "run") };
  cpSync(began, join(base, name), { recursive: true });
  const path = join(copy.run, "config.json");
  writeFileSync(path, readFileSync(path, "utf8").replaceAll(join(began, "images"), copy.images));
  return copy;
}

type Run = ReturnType<typeof copyRun>;

const errorOf = ({ stderr }: { readonly stderr: string }) => stderr.trimEnd().split("\n").at(-1)!;

beforeAll(async () => {
  writeFileSync(
    config,
    JSON.stringify({
      hypernetTraining: { steps: 2, batchSize: 4, validateEvery: 2, validationArchitectures: 1 },
      ranking: { images: 4, calibrationImages: 4, counts: { random: 2, perturb: 0, chain: 0 } },
      networkTraining: { epochs: 1, batchSize: 4 },
    }),
  );
  for (const name of ["cat", "dog"]) await addImages(join(began, "images"), name);
  expect(errorOf(await search(join(began, "images"), join(began, "run")))).not.toContain("smash:");
}, 60_000);

describe("a class that was added since a run began", () => {
  it.each(["rank", "search"])("is named by smash %s before any work", async (verb) => {
    const { images, run } = copyRun(`class-${verb}`);
    await addImages(images, "fox");
    const log = readFileSync(join(run, "events.jsonl"), "utf8");
    const ended = await (verb === "rank" ? rank(run) : search(images, run));
    expect(ended.code).toBe(1);
    expect(errorOf(ended)).toMatch(/^smash: data: .*3 classes in folder:.*, 2 in its settings.*--out/);
    expect(readFileSync(join(run, "events.jsonl"), "utf8")).toBe(log);
    expect(existsSync(join(run, "rank-target.json"))).toBe(false);
  });
});

describe("images that changed since a run began", () => {
  it.each([
    ["deleted", ({ images }: Run) => rm(join(images, "cat", "3.png"))],
    ["added", ({ images }: Run) => addImages(images, "dog", { count: 1, first: 11 })],
    ["replaced", ({ images }: Run) => addImages(images, "cat", { count: 1, first: 12, as: "3.png" })],
  ])("are refused by smash rank when %s", async (how, change) => {
    const copy = copyRun(how);
    await change(copy);
    const ended = await rank(copy.run);
    expect(ended.code).toBe(1);
    expect(errorOf(ended)).toMatch(/^smash: data: .*images of folder:.* have changed since.*another --out/);
  });

  it("are refused by a resumed search, and back in their place go on", async () => {
    const { images, run } = copyRun("back");
    rmSync(join(images, "cat", "3.png"));
    expect(errorOf(await search(images, run))).toContain("have changed since");
    // Of another time.
    cpSync(join(began, "images", "cat", "3.png"), join(images, "cat", "3.png"));
    expect((await search(images, run)).code).toBe(0);
  });

  it("are refused by the library too, whose caller need not know of them", async () => {
    const { images, run } = copyRun("library");
    const made = join(base, "library", "made");
    const rankOne = "more: { random: 1, perturb: 0, chain: 0, evolution: 0, nsga2: 0 }, limits: {}";
    const script = join(base, "library", "job.mjs");
    const start = (folder: string, kind: string, request = "") => {
      const text = `
        import { readFileSync } from "node:fs";
        import { RunFolder, startJob } from ${JSON.stringify(builtModule("../index.js"))};
        const { versions, ...config } = JSON.parse(readFileSync(${JSON.stringify(join(run, "config.json"))}));
        const run = ${JSON.stringify(folder)};
        await new RunFolder(run).open(config, { smash: "0", node: "0", libtorch: "0" });
        const place = { dataDir: ${JSON.stringify(join(base, "data"))}, imageSize: 8, threads: 1 };
        await startJob({ kind: "${kind}", run, config, dataset: config.dataset, ...place, ${request} })
          .catch(({ code, message }) => console.log(code, message));`;
      writeFileSync(script, text);
      return execFileSync(process.execPath, [script], { encoding: "utf8" });
    };
    expect(start(made, "search")).toBe("");
    await addImages(images, "dog", { count: 1, first: 11 });
    for (const folder of [run, made]) {
      expect(start(folder, "search")).toMatch(/^data .*have changed since/);
      expect(start(folder, "rank", rankOne)).toMatch(/^data .*have changed since/);
    }
  });

  it("are refused by a study that goes on, and by one that scores with a run's HyperNet", async () => {
    const { images, run } = copyRun("study");
    const study = (out: string) =>
      runSmash(
        `study correlation --run ${run} --samples 3 --seeds 1 --proxies parameters --out ${out}`
          .split(" ")
          .concat(place),
      );
    const ended = await study(join(base, "study", "begun"));
    expect(ended.code).toBe(0);
    await addImages(images, "dog", { count: 1, first: 11 });
    for (const out of ["begun", "new"]) {
      const refused = await study(join(base, "study", out));
      expect(refused.code).toBe(1);
      expect(errorOf(refused)).toMatch(/^smash: data: .*have changed since/);
    }
    // Without what the run knows of its images, the study knows them itself.
    const path = join(run, "config.json");
    const saved = JSON.parse(readFileSync(path, "utf8")) as { versions: object };
    writeFileSync(path, JSON.stringify({ ...saved, versions: { ...saved.versions, images: undefined } }));
    expect(errorOf(await study(join(base, "study", "begun")))).toContain("have changed since");
  });

  it("are trained on when asked for", async () => {
    const { images, run } = copyRun("trained");
    await addImages(images, "dog", { count: 1, first: 11 });
    const train = ["train", "--data", `folder:${images}`, "--run", run, ...place];
    expect((await runSmash(train)).code).toBe(0);
  });

  it("go unnoticed in a run of an older version, which does not know its own", async () => {
    const { images, run } = copyRun("older");
    const path = join(run, "config.json");
    const saved = JSON.parse(readFileSync(path, "utf8")) as { versions: object };
    writeFileSync(path, JSON.stringify({ ...saved, versions: { ...saved.versions, images: undefined } }));
    await addImages(images, "dog", { count: 1, first: 11 });
    expect((await rank(run)).code).toBe(0);
  });
});
