import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { presetNames } from "./presets.js";
import { resolveConfig } from "./resolve-config.js";
import { configSchemas } from "./run-config.js";

const request = {
  preset: "tiny",
  dataset: { name: "synthetic", channels: 3, size: 16, classes: 10 },
  seed: 1,
  device: "cpu",
  threads: 2,
  precision: "fp32",
} as const;

describe("a configuration file", () => {
  it.each([
    [{ seed: 5 }, "seed"],
    [{ threads: 1 }, "threads"],
    [{ dataset: "cifar10" }, "dataset"],
    [{ space: { input: { size: 24 } } }, "space.input.size"],
    [{ space: { classes: 3 } }, "space.classes"],
  ])("does not change what flags and data say: %j", (overrides, key) => {
    expect(() => resolveConfig({ ...request, overrides })).toThrow(
      `${key} is what flags and the data set say`,
    );
  });

  it.each(presetNames)("may be the whole one of another run: %s", (preset) => {
    const dataset = { ...request.dataset, size: 32 };
    const config = resolveConfig({ ...request, preset, dataset });
    const overrides: unknown = JSON.parse(JSON.stringify(config));
    expect(resolveConfig({ ...request, preset, dataset, overrides })).toEqual(config);
  });
});

/** Every key of a schema, at any depth. */
function keysOf(schema: unknown): string[] {
  if (schema instanceof z.ZodObject) {
    return Object.entries(schema.shape).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
  }
  const { def } = schema as z.ZodType & { def: { innerType?: unknown; in?: unknown } };
  const inner = def.innerType ?? def.in;
  return inner === undefined ? [] : keysOf(inner);
}

it("has every key in docs/configuration.md", () => {
  const page = readFileSync(new URL("../../docs/configuration.md", import.meta.url), "utf8");
  const keys = configSchemas.flatMap(keysOf);
  expect(keys).toContain("patience");
  expect(keys).toContain("bankSizes");
  const missing = keys.filter((key) => !new RegExp(`[\`.]${key}\``).test(page));
  expect(missing).toEqual([]);
});
