/** Searches within limits by the built command line. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { runSmash, startSmash } from "../src/cli/built-cli.fixture.js";
import { countEvents, results, searchArgs, temporaryFolder, waitFor } from "./search-command.fixture.js";

const folder = temporaryFolder("limits");

describe("a search within limits", () => {
  interface Ranked {
    readonly ranking: readonly Record<"id" | "parameters" | "flops" | "latencyMs", number>[];
    readonly pareto: Readonly<Record<string, readonly { readonly id: number }[]>>;
  }
  const out = join(folder, "limited");
  const limits = ["--max-parameters", "2.5k", "--max-flops", "400k"];
  const args = searchArgs(out, ...limits, "--evolution", "4", "--nsga2", "4");

  it("scores no network outside, by any strategy, and goes on to the same ranking when killed", async () => {
    const { child, ended } = startSmash(args);
    await waitFor(() => countEvents(out, "trial") >= 9);
    child.kill("SIGKILL");
    expect((await ended).code).toBeNull();
    const resumed = await runSmash(args);
    const { ranking, pareto } = JSON.parse(resumed.stdout) as Ranked;
    expect(ranking).toHaveLength(20);
    for (const { parameters, flops } of ranking) {
      expect(parameters).toBeLessThanOrEqual(2500);
      expect(flops).toBeLessThanOrEqual(400_000);
    }
    expect(Object.keys(pareto)).toEqual(["parameters", "flops"]);
    expect(pareto.parameters.at(-1)!.id).toBe(ranking[0].id);
    const other = join(folder, "limited-whole");
    const whole = await runSmash(searchArgs(other, ...limits, "--evolution", "4", "--nsga2", "4"));
    expect(results(resumed.stdout)).toEqual(results(whole.stdout));
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("at most 2.50k parameters");
  }, 180_000);

  it("ranks more within tighter limits, of time as well, and refuses looser ones", async () => {
    const more = ["rank", "--run", out, "--samples", "2", "--json"];
    const tighter = ["--max-parameters", "2.3k", "--max-latency-ms", "500", "--strategy", "evolution"];
    const { ranking, pareto } = JSON.parse((await runSmash([...more, ...tighter])).stdout) as Ranked;
    expect(ranking).toHaveLength(2);
    for (const { parameters, latencyMs } of ranking) {
      expect(parameters).toBeLessThanOrEqual(2300);
      expect(latencyMs).toBeGreaterThan(0);
      expect(latencyMs).toBeLessThanOrEqual(500);
    }
    expect(pareto.latencyMs.length).toBeGreaterThan(0);
    const looser = await runSmash([...more, "--max-parameters", "1M"]);
    expect(looser).toMatchObject({ code: 2, stdout: "" });
    expect(looser.stderr).toContain("may only tighten");
  }, 180_000);

  it.each([
    ["size", ["--max-parameters", "1k"], /--max-parameters 1000 .* smallest seen has 1\.\d+k parameters/],
    ["time", ["--max-latency-ms", "0.001"], /--max-latency-ms 0\.001 .* smallest seen has [\d.]+ ms/],
  ])(
    "of %s that no network keeps ends at once, before there is a run",
    async (name, flags, message) => {
      const nowhere = join(folder, `impossible-${name}`);
      const { code, stderr } = await runSmash(searchArgs(nowhere, ...flags));
      expect(code).toBe(1);
      expect(stderr).toMatch(message);
      expect(existsSync(nowhere)).toBe(false);
    },
    180_000,
  );

  it("of cells never scores the same function twice while there are others", async () => {
    const cells = searchArgs(join(folder, "cells-new"), "--preset", "nas-bench-201-tiny", "--chain", "20");
    const { ranking } = JSON.parse((await runSmash(cells)).stdout) as {
      readonly ranking: readonly { readonly architecture: { readonly cell: unknown } }[];
    };
    const names = ranking.map(({ architecture }) => JSON.stringify(architecture.cell));
    expect(new Set(names).size).toBe(29);
  }, 180_000);
});
