/** The examples run against the built library, on little data, in seconds. */

import { execFileSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import ts from "typescript";
import { afterAll, expect, it } from "vitest";
import { Random } from "../src/random.js";

const root = fileURLToPath(new URL("..", import.meta.url));
// Inside the package, so that "smash" means this package.
const folder = mkdtempSync(join(root, "dist", "example-"));
const data = mkdtempSync(join(tmpdir(), "smash-examples-"));
afterAll(() => {
  for (const path of [folder, data]) rmSync(path, { recursive: true, force: true });
});

/** What the example prints. */
function run(name: string, args: readonly string[]): string {
  const source = readFileSync(join(root, "examples", name), "utf8");
  const target = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
  const path = join(folder, name.replace(/ts$/, "js"));
  writeFileSync(path, ts.transpileModule(source, { compilerOptions: target }).outputText);
  return execFileSync(process.execPath, [path, ...args], {
    encoding: "utf8",
    stdio: "pipe",
    // Their runs go to a temporary folder, which is the test's.
    env: { ...process.env, SMASH_DATA: join(data, "data"), TMPDIR: data },
  });
}

/** Noise around a colour of its own for each class. */
async function drawPhotos(path: string): Promise<void> {
  const random = Random.stream(0, "photos");
  for (const [name, level] of [
    ["dark", 60],
    ["bright", 180],
  ] as const) {
    mkdirSync(join(path, name), { recursive: true });
    for (let index = 0; index < 120; index++) {
      const pixels = Uint8Array.from({ length: 3 * 16 * 16 }, () => level + random.uniform(-50, 50));
      const raw = { width: 16, height: 16, channels: 3 } as const;
      await sharp(pixels, { raw })
        .png()
        .toFile(join(path, name, `${index}.png`));
    }
  }
}

it("the example search.ts finds an architecture", () => {
  expect(run("search.ts", [])).toMatch(/best: \d+ parameters/);
}, 180_000);

it("the example own-images.ts goes from a folder of images to a report and an ONNX file", async () => {
  const [photos, out] = [join(data, "photos"), join(data, "run")];
  await drawPhotos(photos);
  const output = run("own-images.ts", [photos, out, "tiny", "16"]);
  expect(output).toContain("classes: bright, dark");
  expect(output).toMatch(/test error: \d+\.\d %/);
  expect(output).toMatch(/model\.onnx: \d+ bytes/);
  expect(existsSync(join(out, "model.onnx"))).toBe(true);
  expect(readFileSync(join(out, "report.html"), "utf8")).toContain("Where the winner is wrong");
}, 180_000);

it("the example own-strategy.ts ranks what its own strategy proposes", () => {
  const output = run("own-strategy.ts", []);
  const [, after, before] = /best: loss ([\d.]+), before ([\d.]+)/.exec(output)!.map(Number);
  expect(after).toBeLessThanOrEqual(before);
}, 180_000);

it("every example is run", () => {
  expect(readdirSync(join(root, "examples")).sort()).toEqual([
    "own-images.ts",
    "own-strategy.ts",
    "search.ts",
  ]);
});
