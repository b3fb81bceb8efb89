/** Studies by the built command line: killed, and refused before they measure. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runSmash, startSmash } from "../src/cli/built-cli.fixture.js";
import { resolveConfig } from "../src/config/index.js";
import { describeDataset } from "../src/data/index.js";
import { RunFolder } from "../src/store/index.js";
import { temporaryFolder, waitFor } from "./search-command.fixture.js";

const folder = temporaryFolder("study");

describe("a study", () => {
  const table = join(folder, "table.csv");
  const studyArgs = (out: string) => [
    ...["study", "nas-bench-201", "--data", "synthetic", "--preset", "nas-bench-201-tiny"],
    ...["--table", table, "--threads", "1", "--json", "--out", out],
  ];
  const agreement = (stdout: string) => {
    const { scores, truths, spearman, baselines } = JSON.parse(stdout) as Record<string, unknown>;
    return { scores, truths, spearman, baselines };
  };

  it("killed while it scores goes on to the same document", async () => {
    const operations = ["none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3"];
    const cells = operations.flatMap((one, row) =>
      operations.map((other, column) => {
        const accuracy = 60 + 5 * row + column;
        return `nor_conv_3x3~0|none~0+${one}~1|skip_connect~0+none~1+${other}~2,${accuracy}`;
      }),
    );
    writeFileSync(table, `architecture,test_accuracy_percent\n${cells.join("\n")}\n`);
    const out = join(folder, "study-killed");
    const measured = () => {
      const path = join(out, "measurements.jsonl");
      return existsSync(path) ? readFileSync(path, "utf8").split("\n").length : 0;
    };
    const { child, ended } = startSmash(studyArgs(out));
    await waitFor(() => measured() > 20);
    child.kill("SIGKILL");
    expect((await ended).code).toBeNull();
    const resumed = await runSmash(studyArgs(out));
    const whole = await runSmash(studyArgs(join(folder, "study-whole")));
    expect(agreement(resumed.stdout)).toEqual(agreement(whole.stdout));
    expect((JSON.parse(whole.stdout) as { n: number }).n).toBe(25);
  }, 180_000);

  it("without its table, and an unknown one, say what to do", async () => {
    const study = await runSmash(["study", "nas-bench-201", "--data", "synthetic"]);
    expect(study).toMatchObject({ code: 2, stdout: "" });
    expect(study.stderr).toContain("--table");
    const moves = await runSmash(["study", "corrupt", "--moves", "3"]);
    expect(moves).toMatchObject({ code: 2, stdout: "" });
    expect(moves.stderr).toContain("smash study gradient");
    const tuned = await runSmash(["study", "gradient", "--fine-tuned"]);
    expect(tuned).toMatchObject({ code: 2, stdout: "" });
    expect(tuned.stderr).toContain("as they are");
    expect((await runSmash(["study", "corelation"])).stderr).toContain('did you mean "correlation"');
  });

  it("is refused with what it would ignore, before anything is measured", async () => {
    const run = join(folder, "run");
    const place = { device: "cpu", threads: 1, precision: "fp32" } as const;
    const dataset = { ...(await describeDataset("synthetic", { dataDir: folder })), classes: 10 };
    const config = resolveConfig({ preset: "tiny", overrides: {}, dataset, seed: 0, ...place });
    await new RunFolder(run).open(config, { smash: "0", node: "0", libtorch: "0" });
    const own = ["--run", run, "--data", "cifar10", "--preset", "demo", "--config", "mine.json"];
    const refused = await runSmash(["study", "correlation", ...own, "--out", join(folder, "refused")]);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain(
      `Found: --data cifar10, --preset demo, --config mine.json; ${run} has synthetic`,
    );
    const synthetic = ["--data", "synthetic", "--preset", "tiny", "--out", join(folder, "refused")];
    const refusal = async (name: string, ...flags: string[]) => {
      const { code, stdout, stderr } = await runSmash(["study", name, ...synthetic, ...flags]);
      expect([code, stdout]).toEqual([2, ""]);
      return stderr;
    };
    expect(await refusal("correlation", "--limit", "5")).toContain("--limit 5 without --table");
    expect(await refusal("correlation", "--samples", "2")).toContain("at least 3 architectures. Found: 2");
    expect(await refusal("gradient", "--by", "loss")).toContain("Found: --by loss. Fix");
    expect(await refusal("capacity", "--by", "loss+naswot")).toContain("--by loss+naswot for the study");
    expect(existsSync(join(folder, "refused"))).toBe(false);
  });

  it("of more architectures than an earlier one has trained is refused, and does not take fewer", async () => {
    const truths = join(folder, "three-truths");
    const study = (...args: string[]) =>
      runSmash([
        ...["study", "correlation", "--data", "synthetic", "--preset", "tiny", "--proxies", "parameters"],
        ...args,
      ]);
    expect((await study("--samples", "3", "--seeds", "1", "--out", truths)).code).toBe(0);
    const refused = await study("--truths", truths, "--samples", "5", "--out", join(folder, "five"));
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain(
      `Found: --samples 5, and 3 in ${truths}. Fix: give --samples 3 or fewer`,
    );
  });
});
