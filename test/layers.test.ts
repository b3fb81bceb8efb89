/**
 * Imports point one way, folders know each other by their index only, only src/tensor knows the addon, and the pure
 * folders touch nothing outside. Reads the real files with TypeScript's own parser.
 */

import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const src = fileURLToPath(new URL("../src", import.meta.url));
/** Files and folders directly below src; each may import only from those before it. */
const order =
  "errors random nearest format-count files statistics tensor nn data arch hypernet network search train rank report config store export run study cli index".split(
    " ",
  );
const pure = ["statistics", "arch", "search", "report"];
/** What the pure folders may import: each other, and the files that are pure themselves. */
const allowedInPure = ["errors", "random", "nearest", "format-count", ...pure];
const outsideWorld = /^(node:)?(fs|http|https|net|child_process|worker_threads)(\/|$)/;

const isTestFile = (path: string) => /\.(test|fixture)\.ts$/.test(path);

/** "tensor" for tensor/scope.ts, "errors" for errors.ts. */
const unitOf = (path: string) => path.split("/")[0].replace(/(\.test|\.fixture)?\.[jt]s$/, "");

function checkPackageImport(path: string, name: string): string[] {
  if (isTestFile(path) || !pure.includes(unitOf(path)) || !outsideWorld.test(name)) return [];
  return [`${path} is pure and imports ${name}`];
}

function checkRelativeImport(path: string, target: string): string[] {
  if (target.startsWith("..")) return isTestFile(path) ? [] : [`${path} imports ${target}, outside of src`];
  const [unit, other] = [unitOf(path), unitOf(target)];
  if (unit === other) return [];
  const unknown = [unit, other].filter((name) => !order.includes(name));
  if (unknown.length > 0) return [`${path}: ${unknown.join(", ")} has no place in the order`];
  const problems: string[] = [];
  if (order.indexOf(other) > order.indexOf(unit)) problems.push(`${path} imports upwards from ${other}`);
  // Tests may look inside, and are not part of what is pure.
  if (isTestFile(path)) return problems;
  const isInside = target.includes("/") && target !== `${other}/index.js`;
  if (isInside) problems.push(`${path} reaches into ${target}`);
  if (pure.includes(unit) && !allowedInPure.includes(other))
    problems.push(`${path} is pure and imports ${other}`);
  return problems;
}

/** What is wrong with the file at this path below src. */
function findViolations(path: string, source: string): string[] {
  const { importedFiles } = ts.preProcessFile(source, true, true);
  const problems = importedFiles.flatMap(({ fileName }) =>
    fileName.startsWith(".")
      ? checkRelativeImport(path, posix.join(posix.dirname(path), fileName))
      : checkPackageImport(path, fileName),
  );
  const namesAddon = !isTestFile(path) && /smash_native|\.node["'`]/.test(source);
  if (namesAddon && unitOf(path) !== "tensor") problems.push(`${path} loads the addon; only src/tensor may`);
  return problems;
}

describe("imports", () => {
  it("point one way, through each folder's index", () => {
    const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".ts"),
    );
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap((path) => findViolations(path, readFileSync(join(src, path), "utf8")))).toEqual([]);
  });

  it.each([
    ["upwards", "nn/x.ts", 'import { y } from "../cli/index.js";'],
    ["upwards, for a type", "nn/x.ts", 'import type { y } from "../cli/index.js";'],
    ["upwards, from a test", "nn/x.test.ts", 'import { y } from "../cli/index.js";'],
    ["upwards, when passed on", "nn/x.ts", 'export { y } from "../cli/index.js";'],
    ["upwards, when loaded late", "nn/x.ts", 'await import("../cli/index.js");'],
    ["upwards, from a nested folder", "run/deep/x.ts", 'import { y } from "../../cli/index.js";'],
    ["upwards, from a file of all", "errors.ts", 'import { y } from "./tensor/index.js";'],
    ["of the library's entry", "cli/x.ts", 'import { y } from "../index.js";'],
    ["past an index", "nn/x.ts", 'import { y } from "../tensor/engine.js";'],
    ["past an index, from the library's entry", "index.ts", 'import { y } from "./tensor/engine.js";'],
    ["of a folder without a place", "nn/x.ts", 'import { y } from "../utils/index.js";'],
    ["from a folder without a place", "utils/x.ts", 'import { y } from "../errors.js";'],
    ["outside of src", "nn/x.ts", 'import { y } from "../../scripts/setup.mjs";'],
    ["of the disk by a pure folder", "arch/x.ts", 'import { readFileSync } from "node:fs";'],
    ["of our disk access by a pure folder", "arch/x.ts", 'import { y } from "../files.js";'],
    ["of tensors by a pure folder", "search/x.ts", 'import { Tensor } from "../tensor/index.js";'],
    ["of the addon", "nn/x.ts", 'createRequire(import.meta.url)("../../native/smash_native.node");'],
  ])("%s are found", (_, path, source) => {
    expect(findViolations(path, source)).toHaveLength(1);
  });

  it.each([
    ["of a lower folder's index", "nn/x.ts", 'import { y } from "../tensor/index.js";'],
    ["inside a folder", "cli/commands/x.ts", 'import { y } from "../output.js";'],
    ["of a package", "arch/x.ts", 'import { z } from "zod";'],
    ["by a test of another folder's inside", "nn/x.test.ts", 'import { y } from "../tensor/engine.js";'],
    ["in a comment", "nn/x.ts", '// import { y } from "../cli/index.js";'],
  ])("%s are fine", (_, path, source) => {
    expect(findViolations(path, source)).toEqual([]);
  });
});
