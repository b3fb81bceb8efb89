import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { MemoryBankArchitecture } from "../../arch/index.js";
import { runSmash } from "../built-cli.fixture.js";
import type { SampleSummary } from "./arch/sample-summary.js";

let folder = "";
let file = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "smash-arch-"));
  file = join(folder, "new", "architecture.json");
  await runSmash(["arch", "sample", "--preset", "tiny", "--out", file]);
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

interface Document {
  readonly architectures: readonly {
    readonly architecture: MemoryBankArchitecture;
    readonly parameters: number;
    readonly flops: number;
  }[];
}

async function architecturesOf(...args: readonly string[]): Promise<Document["architectures"]> {
  const { code, stdout, stderr } = await runSmash([...args, "--json"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return (JSON.parse(stdout) as Document).architectures;
}

describe("sample", () => {
  it("gives each architecture with its parameters and multiply-adds", async () => {
    const sampled = await architecturesOf("arch", "sample", "--preset", "tiny", "--count", "3");
    expect(sampled).toHaveLength(3);
    for (const { architecture, parameters, flops } of sampled) {
      expect(architecture.space).toBe("memory-banks");
      expect(parameters).toBeGreaterThan(0);
      expect(flops).toBeGreaterThan(parameters);
    }
  });

  it("draws the same ones from the same seed, however many", async () => {
    const sample = ["arch", "sample", "--preset", "tiny"];
    const few = await architecturesOf(...sample, "--seed", "3", "--count", "2");
    const more = await architecturesOf(...sample, "--seed", "3", "--count", "4");
    const others = await architecturesOf(...sample, "--seed", "4", "--count", "2");
    expect(more.slice(0, 2)).toEqual(few);
    expect(others).not.toEqual(few);
  });

  it("writes several into a folder", async () => {
    const out = join(folder, "several");
    const { stdout } = await runSmash([
      ...["arch", "sample", "--preset", "tiny", "--count", "2", "--out", out],
    ]);
    expect(await readdir(out)).toEqual(["architecture-0001.json", "architecture-0002.json"]);
    expect(stdout).toContain("architecture-0002.json");
  });

  it("does not write several into one file", async () => {
    const { code, stderr } = await runSmash([
      ...["arch", "sample", "--preset", "tiny", "--count", "2", "--out", join(folder, "x.json")],
    ]);
    expect(stderr).toMatch(/^smash: usage: --out must be a folder/);
    expect(code).toBe(2);
  });
});

describe("--config", () => {
  it("changes the space that is sampled, perturbed and summed up", async () => {
    const config = join(folder, "version-2.json");
    await writeFile(config, JSON.stringify({ space: { convolutions: "array", maxGroups: 2 } }));
    const space = ["--preset", "tiny", "--config", config];
    const out = join(folder, "version-2-sample.json");
    const sampled = await architecturesOf("arch", "sample", ...space, "--count", "8");
    const layers = sampled.flatMap(({ architecture }) =>
      architecture.blocks.flatMap((block) => block.layers),
    );
    expect(Math.max(...layers.map(({ convolutions }) => convolutions.length))).toBeGreaterThan(1);
    await runSmash(["arch", "sample", ...space, "--out", out]);
    expect((await runSmash(["arch", "perturb", out, ...space])).code).toBe(0);
    expect((await runSmash(["arch", "perturb", out, "--preset", "tiny"])).code).toBe(1);
    expect((await runSmash(["arch", "sample", ...space, "--summary"])).stdout).toContain("of tiny");
  });

  it("of an unknown key is refused with the nearest one", async () => {
    const config = join(folder, "unknown.json");
    await writeFile(config, JSON.stringify({ space: { maxGroup: 2 } }));
    const { code, stderr } = await runSmash(["arch", "sample", "--preset", "tiny", "--config", config]);
    expect(stderr).toContain('did you mean "maxGroups"?');
    expect(code).toBe(1);
  });
});

describe("sample --summary", () => {
  it("tells sizes, shares and the paper's network instead of each one", async () => {
    const args = ["arch", "sample", "--preset", "paper-v1", "--count", "40", "--summary"];
    const { stdout } = await runSmash([...args, "--json"]);
    const { count, parameters, generatedShare, smashNetwork, paper } = JSON.parse(stdout) as SampleSummary;
    expect(count).toBe(40);
    expect(parameters.p0).toBeLessThan(parameters.p50);
    expect(parameters.p50).toBeLessThan(parameters.p100);
    expect(generatedShare.p50).toBeGreaterThan(0.2);
    expect(generatedShare.p50).toBeLessThan(0.6);
    expect(smashNetwork.hypernet).toBeGreaterThan(500_000);
    expect(smashNetwork.free).toBeGreaterThan(500_000);
    // What makes the preset the paper's: networks rarely above 5M parameters, and its own among the largest.
    expect(parameters.p95).toBeLessThan(5.2e6);
    expect(paper?.parameters).toBe(4.6e6);
    expect(paper?.largerThan).toBeGreaterThan(0.8);
    expect((await runSmash(args)).stdout).toMatch(/40 random architectures of paper-v1[^]*generated/);
  });
});

describe("perturb", () => {
  it("changes an architecture and leaves its file alone", async () => {
    const before = await readFile(file, "utf8");
    const [{ architecture }] = await architecturesOf("arch", "perturb", file, "--preset", "tiny");
    expect(architecture).not.toEqual(JSON.parse(before));
    expect(await readFile(file, "utf8")).toBe(before);
  });

  it("with probability 0 writes the same one", async () => {
    const out = join(folder, "same.json");
    const args = ["--preset", "tiny", "--probability", "0", "--out", out];
    expect((await runSmash(["arch", "perturb", file, ...args])).code).toBe(0);
    expect(await readFile(out, "utf8")).toBe(await readFile(file, "utf8"));
  });

  it("refuses an architecture of another space", async () => {
    const { code, stderr } = await runSmash(["arch", "perturb", file, "--preset", "demo"]);
    expect(stderr).toMatch(/^smash: architecture: /);
    expect(code).toBe(1);
  });
});

describe("show", () => {
  it("lists every layer", async () => {
    const { stdout } = await runSmash(["arch", "show", file]);
    const { blocks } = JSON.parse(await readFile(file, "utf8")) as MemoryBankArchitecture;
    const rows = stdout.split("\n").filter((line) => /^ +\d+ /.test(line));
    expect(rows).toHaveLength(blocks.reduce((sum, block) => sum + block.layers.length, 0));
    expect(stdout).toMatch(/parameters, .* multiply-adds/);
  });

  it("draws it", async () => {
    const svg = join(folder, "drawing.svg");
    await runSmash(["arch", "show", file, "--svg", svg]);
    expect(await readFile(svg, "utf8")).toMatch(/^<svg/);
  });
});

describe.each(["resnet", "wide-resnet", "densenet", "fractalnet"])("show %s", (name) => {
  it("lists and draws it, sized to a preset, and says whether it lies in the space", async () => {
    const svg = join(folder, `${name}.svg`);
    const { stdout } = await runSmash(["arch", "show", name, "--preset", "demo", "--svg", svg]);
    expect(stdout).toMatch(
      name === "wide-resnet" ? /outside of the space/ : /lies in the space of preset demo/,
    );
    expect(await readFile(svg, "utf8")).toMatch(/<title>(Wide ResNet|ResNet|DenseNet|FractalNet): 3 blocks/);
  });
});

describe("check", () => {
  it("takes what --json prints of one architecture, and says of several that a file holds one", async () => {
    const sample = ["arch", "sample", "--preset", "nas-bench-201", "--json", "--count"];
    const printed = join(folder, "printed.json");
    await writeFile(printed, (await runSmash([...sample, "1"])).stdout);
    const [{ architecture }] = await architecturesOf("arch", "check", printed);
    expect(architecture.space).toBe("nas-bench-201");
    await writeFile(printed, (await runSmash([...sample, "2"])).stdout);
    const { code, stderr } = await runSmash(["arch", "check", printed]);
    expect(code).toBe(1);
    expect(stderr).toContain("holds one architecture. Found: a document of `smash arch --json` with 2.");
  });

  it("passes valid files", async () => {
    expect(await architecturesOf("arch", "check", file, file)).toHaveLength(2);
  });

  it.each([
    { content: "", says: "an empty file" },
    { content: '{"space":', says: "one JSON document" },
    { content: "{}", says: "space" },
    { content: '{"space": "memory-banks", "version": 99}', says: "newer program" },
  ])("refuses $content", async ({ content, says }) => {
    const path = join(folder, "bad.json");
    await writeFile(path, content);
    const { code, stdout, stderr } = await runSmash(["arch", "check", path]);
    expect(stderr).toMatch(/^smash: architecture: [^\n]+\n$/);
    expect(stderr).toContain(path);
    expect(stderr).toContain(says);
    expect(stdout).toBe("");
    expect(code).toBe(1);
  });

  it("names every bad file among good ones, and prints the good ones", async () => {
    const missing = [join(folder, "none.json"), join(folder, "nowhere.json")];
    const { code, stdout, stderr } = await runSmash([
      "arch",
      "check",
      missing[0],
      file,
      missing[1],
      "--json",
    ]);
    expect((JSON.parse(stdout) as Document).architectures).toHaveLength(1);
    expect(stderr).toContain("2 of 3 do not.");
    for (const path of missing) expect(stderr).toContain(path);
    expect(code).toBe(1);
  });
});
