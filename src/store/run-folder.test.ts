import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { resolveConfig } from "../config/index.js";
import { RunFolder } from "./run-folder.js";

const folder = mkdtempSync(join(tmpdir(), "smash-run-folder-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const config = resolveConfig({
  preset: "tiny",
  dataset: { name: "synthetic", channels: 3, size: 16, classes: 10 },
  seed: 0,
  device: "cpu",
  threads: 1,
  precision: "fp32",
});
const versions = { smash: "0", node: "0", libtorch: "0" };

describe("a run's config.json", () => {
  it.each([
    ["a value of the wrong type", { seed: "x" }, 'seed must be valid: .* Found: "x"'],
    ["an unknown key", { sede: 1 }, 'must be a known one. Found: "sede"'],
    ["no versions", { versions: undefined }, "must name the versions"],
  ])("with %s is named by the error", async (name, changes, message) => {
    const run = new RunFolder(join(folder, name));
    mkdirSync(run.path);
    writeFileSync(run.configPath, JSON.stringify({ ...config, versions, ...changes }));
    await expect(run.requireConfig()).rejects.toMatchObject({
      code: "config",
      message: expect.stringMatching(new RegExp(`^${run.configPath}.*${message}`)) as string,
    });
  });

  it("that is a folder is told as one", async () => {
    const run = new RunFolder(join(folder, "a folder"));
    mkdirSync(run.configPath, { recursive: true });
    await expect(run.requireConfig()).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining(`${run.configPath} must be a file`) as string,
    });
  });

  it("keeps what the run was made with", async () => {
    const run = new RunFolder(join(folder, "kept"));
    await run.open(config, { ...versions, images: "0123" });
    expect(await run.readConfig()).toEqual({ config, versions: { ...versions, images: "0123" } });
  });

  it("that is no JSON is named, and one that is not there is told apart", async () => {
    const run = new RunFolder(join(folder, "torn"));
    const wrong = (code: string, message: string) => ({
      code,
      message: expect.stringContaining(message) as string,
    });
    await expect(run.requireConfig()).rejects.toMatchObject(wrong("usage", `no config.json in ${run.path}`));
    mkdirSync(run.path);
    writeFileSync(run.configPath, "{");
    await expect(run.requireConfig()).rejects.toMatchObject(
      wrong("config", `${run.configPath} must be JSON`),
    );
    // Below a file nothing is.
    await expect(new RunFolder(run.configPath).requireConfig()).rejects.toMatchObject(
      wrong("usage", "no config"),
    );
  });

  it("is joined by the same configuration, and stays as it is for another one", async () => {
    const run = new RunFolder(join(folder, "joined"));
    await run.open(config, versions);
    await run.open(config, { ...versions, smash: "1" });
    await expect(run.open({ ...config, seed: 1 }, versions)).rejects.toMatchObject({
      code: "config",
      message: expect.stringContaining("seed was 0, now 1") as string,
    });
    expect(await run.readConfig()).toEqual({ config, versions });
    await run.noteImages("0123");
    expect(await run.readConfig()).toEqual({ config, versions: { ...versions, images: "0123" } });
  });
});

it("opening a run clears up after killed writers, in all its folders", async () => {
  const run = new RunFolder(join(folder, "killed"));
  // No process has such a number.
  const writer = `tmp-999999999@${hostname().replaceAll(/[^\w.]/g, "_")}-abcdef`;
  const goals = [run.configPath, run.checkpointPath("best"), run.bestPath, run.figurePath("trials")];
  const leftovers = goals.map((goal) => `${goal}.${writer}`);
  for (const leftover of leftovers) mkdirSync(leftover, { recursive: true });
  await run.open(config, versions);
  expect(leftovers.filter((leftover) => existsSync(leftover))).toEqual([]);
});
