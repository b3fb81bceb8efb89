/** Imports point one way, and folders know each other by their index only. */

import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { describe, expect, it } from "vitest";

const src = fileURLToPath(new URL("../src", import.meta.url));
const order = "tensor nn data arch hypernet network search train rank report config store run cli".split(" ");
const pure = ["arch", "search", "report"];

/** What is wrong with the imports of a file at this path below src. */
function findViolations(path: string, source: string): string[] {
  const folder = path.includes("/") ? path.split("/")[0] : undefined;
  const isTest = /\.(test|fixture)\.ts$/.test(path);
  return ts.preProcessFile(source, true, true).importedFiles.flatMap(({ fileName }) => {
    if (folder === undefined) return [];
    if (!fileName.startsWith(".")) {
      const isForbidden =
        pure.includes(folder) && !isTest && /^node:(fs|http|https|net|child_process)/.test(fileName);
      return isForbidden ? [`${path} is pure and imports ${fileName}`] : [];
    }
    const target = posix.join(posix.dirname(path), fileName);
    if (target.startsWith("..") || !target.includes("/")) return [];
    const other = target.split("/")[0];
    if (other === folder) return [];
    const problems: string[] = [];
    if (order.indexOf(other) > order.indexOf(folder)) problems.push(`${path} imports upwards from ${other}`);
    if (target !== `${other}/index.js` && !isTest) problems.push(`${path} reaches into ${target}`);
    if (pure.includes(folder) && other === "tensor" && !isTest)
      problems.push(`${path} is pure and imports tensor`);
    return problems;
  });
}

describe("imports", () => {
  it("point one way, through each folder's index", () => {
    const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((path) =>
      path.endsWith(".ts"),
    );
    expect(files.length).toBeGreaterThan(100);
    expect(files.flatMap((path) => findViolations(path, readFileSync(join(src, path), "utf8")))).toEqual([]);
  });

  it("that break the rule are found", () => {
    expect(findViolations("nn/x.ts", 'import { y } from "../cli/index.js";')).toHaveLength(1);
    expect(findViolations("nn/x.ts", 'import { y } from "../tensor/engine.js";')).toHaveLength(1);
    expect(findViolations("arch/x.ts", 'import { readFileSync } from "node:fs";')).toHaveLength(1);
  });
});
