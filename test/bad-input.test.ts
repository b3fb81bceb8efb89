/** What the built command line is given wrongly: one line says what, and how to mend it. */

import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { builtModule, runSmash } from "../src/cli/built-cli.fixture.js";
import { withFolderLock } from "../src/store/index.js";
import { searchArgs, temporaryFolder } from "./search-command.fixture.js";

const main = fileURLToPath(builtModule("main.js"));
const folder = temporaryFolder("bad");

describe("bad input", () => {
  it("a training beside another one of the same checkpoint is refused, and leaves it alone", async () => {
    const checkpoint = join(folder, "contested.safetensors");
    const name = ".contested.safetensors.lock";
    const tiny = ["--data", "synthetic", "--preset", "tiny"];
    const { code, stderr } = await withFolderLock({ path: folder, name, holds: "training" }, () =>
      runSmash(["train", ...tiny, "--network", "resnet", "--out", checkpoint]),
    );
    expect(code).toBe(2);
    expect(stderr).toContain("One process at a time works on a training.");
    expect(existsSync(checkpoint)).toBe(false);
  });

  const config = join(folder, "config.json");

  it.each([
    ["an unknown data set", ["search", "--data", "sinthetic", "--out", join(folder, "x")], 2, "synthetic"],
    [
      "an unknown preset",
      ["search", "--data", "synthetic", "--preset", "tinny", "--out", join(folder, "x")],
      2,
      "tiny",
    ],
    ["an unknown flag", ["search", "--data", "synthetic", "--persent", "tiny"], 2, "--preset"],
    [
      "an unknown network",
      ["train", "--data", "synthetic", "--preset", "tiny", "--network", "densnet"],
      2,
      "densenet",
    ],
    [
      "a rank of no run",
      ["train", "--data", "synthetic", "--preset", "tiny", "--network", "resnet", "--rank", "2"],
      2,
      "--rank goes with --run",
    ],
    [
      "a batch whose time is not measured",
      ["export", "--checkpoint", join(folder, "x.safetensors"), "--onnx", join(folder, "x"), "--batch", "8"],
      2,
      "--batch goes with --latency",
    ],
    [
      "a run that is not there",
      ["train", "--data", "synthetic", "--run", join(folder, "none")],
      2,
      "config.json",
    ],
    [
      "an architecture file that is not there",
      ["train", "--data", "synthetic", "--arch", join(folder, "none.json")],
      1,
      "none.json: an architecture file must exist",
    ],
    ["a run where a file is", ["search", "--data", "synthetic", "--out", main], 2, `${main} is no folder`],
    [
      "a study where a file is",
      ["study", "correlation", "--data", "synthetic", "--out", join(main, "x")],
      2,
      `${main} is no folder`,
    ],
    [
      "a checkpoint below a file",
      ["train", "--data", "synthetic", "--network", "resnet", "--out", join(main, "x.safetensors")],
      2,
      `${main} is no folder`,
    ],
    [
      "a checkpoint where a folder is",
      ["train", "--data", "synthetic", "--network", "resnet", "--out", folder],
      2,
      `${folder} must be the path of a file`,
    ],
    [
      "an exported file where a folder is",
      ["export", "--checkpoint", "none", "--onnx", folder],
      2,
      `${folder} must be the path of a file`,
    ],
    [
      "an exported page where a file is",
      ["export", "--checkpoint", "none", "--web", main],
      2,
      `${main} is no folder`,
    ],
    [
      "a file that is no architecture",
      ["train", "--data", "synthetic", "--arch", fileURLToPath(new URL("../package.json", import.meta.url))],
      1,
      "package.json: ",
    ],
  ])("%s names the nearest known one or the fix", async (_, args, exitCode, hint) => {
    const { code, stdout, stderr } = await runSmash(args);
    expect(code).toBe(exitCode);
    expect(stdout).toBe("");
    expect(stderr).toContain(hint);
    expect(stderr).not.toContain("    at ");
  });

  it.each([
    ["an unknown key", { ranking: { imagse: 10 } }, 'did you mean "images"'],
    ["a space that cannot be sampled", { space: { depthCompression: 9 } }, "depthCompression"],
    ["a value of the wrong type", { hypernetTraining: { steps: "many" } }, "hypernetTraining.steps"],
  ])("a configuration with %s is refused before anything runs", async (_, content, hint) => {
    writeFileSync(config, JSON.stringify(content));
    const { code, stderr } = await runSmash(searchArgs(join(folder, "y"), "--config", config));
    expect(code).toBe(1);
    expect(stderr).toContain(hint);
    expect(existsSync(join(folder, "y"))).toBe(false);
  });

  it.each([
    ["search", ["search", "--preset", "tiny"]],
    ["train", ["train", "--preset", "nas-bench-201-tiny", "--network", "resnet"]],
    ["study", ["study", "correlation", "--preset", "tiny"]],
  ])(
    "smash %s refuses an image size that halves to no whole one, before images are made",
    async (_, args) => {
      const dataDir = join(folder, "no-data");
      const data = [
        "--data",
        "mnist",
        "--image-size",
        "7",
        "--data-dir",
        dataDir,
        "--out",
        join(folder, "z"),
      ];
      const { code, stderr } = await runSmash([...args, ...data]);
      expect(code).toBe(1);
      expect(stderr).toContain("input.size 7. Fix: Use --image-size 8");
      expect(existsSync(dataDir)).toBe(false);
    },
  );

  it("settings of a search in a --config file for smash train are refused by name", async () => {
    writeFileSync(config, JSON.stringify({ networkTraining: { mixup: 0.2 }, ranking: { images: 5 } }));
    const args = ["--network", "resnet", "--preset", "tiny", "--config", config, "--out", join(folder, "z")];
    const { code, stderr } = await runSmash(["train", "--data", "synthetic", ...args]);
    expect(code).toBe(1);
    expect(stderr).toContain('"ranking"');
  });

  it("a loss that is not finite stops the run, names the step and keeps the last checkpoint", async () => {
    const out = join(folder, "diverged");
    writeFileSync(
      config,
      JSON.stringify({ hypernetTraining: { rate: 1e30, warmup: 0, checkpointEvery: 1 } }),
    );
    const { code, stderr } = await runSmash(searchArgs(out, "--config", config));
    expect(code).toBe(1);
    expect(stderr).toMatch(/loss (NaN|Infinity) at step \d+/);
    expect(existsSync(join(out, "checkpoints/hypernet.safetensors"))).toBe(true);
  }, 180_000);
});
