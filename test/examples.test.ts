import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

it.each(readdirSync(join(root, "examples")))(
  "the example %s runs against the built library",
  (name) => {
    // Inside the package, so that "smash" means this package.
    const folder = mkdtempSync(join(root, "dist", "example-"));
    try {
      const source = readFileSync(join(root, "examples", name), "utf8");
      const target = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
      const path = join(folder, "example.js");
      writeFileSync(path, ts.transpileModule(source, { compilerOptions: target }).outputText);
      const output = execFileSync(process.execPath, [path], {
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
      });
      expect(output).toContain("best:");
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  180_000,
);
