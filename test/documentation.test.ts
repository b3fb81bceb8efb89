/**
 * The library's reference is complete: TypeDoc finds no export without its words and no type that is not exported. What is
 * written from the addon's op table is what it says.
 */

import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
const typedoc = fileURLToPath(new URL("../node_modules/typedoc/bin/typedoc", import.meta.url));

it("every export is documented, and refers to exports only", async () => {
  // What TypeDoc finds, if anything, is the message of the failure.
  const ended = promisify(execFile)(process.execPath, [typedoc, "--emit", "none"], { cwd: root });
  await expect(ended).resolves.toBeDefined();
}, 300_000);

it("the bindings are those of the addon's op table", async () => {
  const generator = fileURLToPath(new URL("../scripts/generate-bindings.mjs", import.meta.url));
  await expect(promisify(execFile)(process.execPath, [generator, "--check"])).resolves.toBeDefined();
});
