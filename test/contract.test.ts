/** What scripts rely on: the documents of the commands that compute, field by field, and the run folder they leave. */

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { runSmash } from "../src/cli/built-cli.fixture.js";
import { temporaryFolder } from "./search-command.fixture.js";

type Document = Readonly<Record<string, unknown>>;

const folder = temporaryFolder("contract");
const run = join(folder, "run");
let demo: Document;

/** The one document that a command prints. */
async function documentOf(...args: string[]): Promise<Document> {
  const { code, stdout, stderr } = await runSmash([...args, "--threads", "1", "--json"]);
  expect(code, stderr).toBe(0);
  return JSON.parse(stdout) as Document;
}

function expectFields(document: unknown, fields: string): void {
  expect(Object.keys(document as object)).toEqual(expect.arrayContaining(fields.split(" ")));
}

const trialFields = "id architecture origin validationError validationLoss parameters flops";
const trainedFields =
  "architecture parameters flops epochs validationError testError testTop5Error checkpoint";

beforeAll(async () => {
  demo = await documentOf("demo", "--data", "synthetic", "--preset", "tiny", "--out", run);
}, 180_000);

describe("the contract's fields", () => {
  it("of demo: a search's document and the trained winner", () => {
    expectFields(demo, "run preset dataset hypernet ranking best trained");
    expect(demo).toMatchObject({ run, preset: "tiny", dataset: "synthetic" });
    expectFields(demo.hypernet, "steps validationError");
    for (const trial of demo.ranking as readonly unknown[]) expectFields(trial, trialFields);
    expect(demo.best).toEqual((demo.ranking as readonly unknown[])[0]);
    expectFields(demo.trained, trainedFields);
    expect(demo.trained).toMatchObject({ architecture: (demo.best as Document).architecture, epochs: 2 });
  });

  it("of its run folder", () => {
    const files = "events.jsonl trials.sqlite checkpoints/hypernet.safetensors checkpoints/best.safetensors";
    for (const file of `${files} report.html figures/rank-curve.svg`.split(" ")) {
      expect(existsSync(join(run, file)), file).toBe(true);
    }
    const read = (file: string) => JSON.parse(readFileSync(join(run, file), "utf8")) as Document;
    expect(read("best/architecture.json")).toEqual((demo.best as Document).architecture);
    const config = read("config.json");
    expect(config).toMatchObject({ preset: "tiny", dataset: "synthetic", seed: 0 });
    expectFields(config.versions, "smash node libtorch");
  });

  it("of train and eval: errors are fractions, and the same for the same network", async () => {
    const checkpoint = join(folder, "second.safetensors");
    const args = ["--run", run, "--rank", "2", "--epochs", "1", "--out", checkpoint];
    const trained = await documentOf("train", "--data", "synthetic", ...args);
    expectFields(trained, trainedFields);
    expect(trained).toMatchObject({ epochs: 1, checkpoint });
    const tested = await documentOf("eval", "--checkpoint", checkpoint, "--data", "synthetic");
    expectFields(tested, "testError testTop5Error loss confusion");
    const { testError, testTop5Error } = trained;
    expect(tested).toMatchObject({ testError, testTop5Error });
    // True classes by guessed ones, of all 500 test images.
    const confusion = tested.confusion as readonly (readonly number[])[];
    const right = confusion.reduce((sum, row, index) => sum + row[index], 0);
    expect(confusion.flat().reduce((sum, count) => sum + count, 0)).toBe(500);
    expect(1 - right / 500).toBeCloseTo(testError as number, 12);
  });

  it("of rank, which lists by what --by names", async () => {
    const args = ["--samples", "2", "--perturb", "1", "--chain", "1", "--strategy", "random"];
    const document = await documentOf("rank", "--run", run, ...args, "--by", "error");
    expectFields(document, "ranking best architecturesPerMinute");
    const ranking = document.ranking as readonly { readonly validationError: number }[];
    expect(ranking).toHaveLength((demo.ranking as readonly unknown[]).length + 4);
    const errors = ranking.map(({ validationError }) => validationError);
    expect(errors).toEqual(errors.toSorted((one, other) => one - other));
    expect(document.best).toEqual(ranking[0]);
    expect(document.architecturesPerMinute).toBeGreaterThan(0);
  });

  it("of report, which writes the file anew", async () => {
    const path = join(run, "report.html");
    rmSync(path);
    expect(await documentOf("report", "--run", run)).toEqual({ report: path });
    expect(readFileSync(path, "utf8")).toMatch(/^<!doctype html>/i);
  });
});
