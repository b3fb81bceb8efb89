import { expect, test } from "vitest";
import { SmashError } from "../errors.js";
import { Random } from "../random.js";
import { parseArchitecture } from "./any-architecture.js";
import { parseMemoryBanks } from "./parse.js";
import { sampleArchitecture } from "./sample.js";
import { v1 } from "./space.fixture.js";

/** A copy of a sampled architecture as plain JSON, with one field replaced (or removed, with undefined). */
function withField(path: readonly (string | number)[], value: unknown): unknown {
  const json = JSON.parse(JSON.stringify(sampleArchitecture(v1, Random.stream(1)))) as unknown;
  let parent = json as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<string | number, unknown>;
  parent[path.at(-1)!] = value;
  return JSON.parse(JSON.stringify(json));
}

const layer = ["blocks", 1, "layers", 0] as const;

test.each([
  [[...layer, "units"], "12", 'blocks[1].layers[0].units: is a number. Found: "12".'],
  [[...layer, "units"], 1.5, "blocks[1].layers[0].units: is an integer. Found: 1.5."],
  [[...layer, "units"], 0, "blocks[1].layers[0].units: is more than 0. Found: 0."],
  [
    [...layer, "units"],
    undefined,
    "blocks[1].layers[0].units: is a number. Found: nothing. Fix: Add the field.",
  ],
  [[...layer, "reads"], [], "blocks[1].layers[0].reads: has at least 1 items. Found: []."],
  [[...layer, "reads", 0], -1, "blocks[1].layers[0].reads[0]: is at least 0. Found: -1."],
  [[...layer, "convolutions", 0, "kernel"], [3], "convolutions[0].kernel: has at least 2 items."],
  [[...layer, "convolutions", 0, "position"], 7, "convolutions[0].position: is at most 3. Found: 7."],
  [[...layer, "convolutions"], Array(5).fill({}), "convolutions: has at most 4 items."],
  [[...layer, "convolutions", 0, "kernel"], 3, "convolutions[0].kernel: is a list. Found: 3."],
  [["activationOrder"], "prior", 'activationOrder: is "pre" or "post". Found: "prior".'],
  [["space"], "nas-bench-201", 'space: is "memory-banks". Found: "nas-bench-201".'],
  [["blocks"], { first: "x".repeat(90) }, "blocks: is a list. Found: "],
  [["version"], undefined, "version: is 1. Found: nothing."],
])("%j = %j is an error that names field, rule and value", (path, value, message) => {
  const parse = () => parseMemoryBanks(withField(path, value));
  expect(parse).toThrow(SmashError);
  expect(parse).toThrow(message);
});

test("an unknown field is named with the known one it resembles", () => {
  expect(() => parseMemoryBanks(withField([...layer, "unit"], 12))).toThrow(
    "blocks[1].layers[0]: the known fields are reads, writes, units, bottleneck, convolutions, gates. " +
      'Found: "unit". Fix: Write "units" instead?',
  );
  expect(() => parseMemoryBanks(withField(["temperature"], 1))).toThrow(
    'Found: "temperature". Fix: Remove it.',
  );
});

test("a cell's file of a newer version asks for an update", () => {
  const newer = { space: "nas-bench-201", version: 2, graph: [] };
  expect(() => parseArchitecture(newer)).toThrow(
    /version 2, written by a newer program\. Fix: Update this program\./,
  );
});

test("a file of a newer version asks for an update, whatever else it holds", () => {
  const newer = { version: 2, graph: [] };
  expect(() => parseMemoryBanks(newer)).toThrow(/written by a newer program\. Fix: Update this program\./);
});

test.each([[null], ["text"], [3], [[]], [undefined]])("%j is not an architecture", (json) => {
  expect(() => parseMemoryBanks(json)).toThrow("the architecture: is an object.");
});

test("fields that fit alone but not together are rejected too", () => {
  expect(() => parseMemoryBanks(withField([...layer, "units"], 13))).toThrow(
    "blocks[1].layers[0].units: units are a multiple of the block's bankChannels.",
  );
});
