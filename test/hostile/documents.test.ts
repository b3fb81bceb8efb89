import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import {
  CellSpace,
  countCost,
  encodeArchitecture,
  parseArchitecture,
  requireMemoryBanks,
  sampleArchitecture,
} from "../../src/arch/index.js";
import { checkMembership } from "../../src/arch/check-membership.js";
import { parseRunConfig, resolveConfig } from "../../src/config/index.js";
import { disposeAll, encodeSafetensors } from "../../src/nn/index.js";
import { decodeSafetensors } from "../../src/nn/safetensors.js";
import { Random } from "../../src/random.js";
import { hyperNetFactsSchema, networkFactsSchema } from "../../src/run/facts.js";
import { parseFacts } from "../../src/store/checkpoint.js";
import { parseSavedConfig } from "../../src/store/run-folder.js";
import { fromArray, memoryStats, scope, setThreads } from "../../src/tensor/index.js";
import { damagedBytes, damagedJson, feed } from "./hostile.fixture.js";

setThreads(1);

const config = resolveConfig({
  preset: "tiny",
  dataset: { name: "synthetic", channels: 3, size: 16, classes: 10 },
  seed: 0,
  device: "cpu",
  threads: 1,
  precision: "fp32",
});
const space = requireMemoryBanks(config.space, "This test");
const cellSpace = new CellSpace({
  ...{ name: "nas-bench-201", channels: 4, cells: 2, sampling: "uniform" },
  ...{ input: { channels: 3, size: 16 }, classes: 10 },
});
const architectures = [1, 2, 3].map((seed) => sampleArchitecture(space, Random.stream(seed)));
const cells = [1, 2, 3].map((seed) => cellSpace.sample(Random.stream(seed)));

/** As at the command line: text that is no JSON is refused before the parser. */
const json = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

// Seconds alone; minutes where ten other processes share two cores.
vi.setConfig({ testTimeout: 900_000 });

describe("hostile documents", () => {
  it("architectures", async () => {
    await feed("architecture", damagedJson(...architectures, ...cells), (text) => {
      const architecture = parseArchitecture(json(text));
      const { parameters } = countCost(architecture);
      expect(parameters).toBeGreaterThan(0);
      if (architecture.space === "nas-bench-201") return;
      checkMembership(architecture, space);
      encodeArchitecture(architecture, space);
    });
  });

  it("run configurations", async () => {
    await feed("config", damagedJson(config), (text) => parseRunConfig(json(text)));
    const versions = { smash: "0", node: "20", libtorch: "1" };
    await feed("config.json", damagedJson({ ...config, versions }), (text) => parseSavedConfig(text, "f"));
  });

  it("checkpoint metadata", async () => {
    const network = {
      architecture: architectures[0],
      dataset: "cifar10",
      classes: ["a", "b"],
      statistics: { mean: [0.5], std: [0.2] },
      step: 3,
      steps: 9,
      epochSums: { loss: 1, error: null },
    };
    await feed("network facts", damagedJson(network), (text) => parseFacts(text, networkFactsSchema, "f"));
    await feed("HyperNet facts", damagedJson({ step: 3, validationError: null }), (text) => {
      const { step, validationError } = parseFacts(text, hyperNetFactsSchema, "f");
      expect([typeof step, typeof validationError]).toEqual(["number", "number"]);
    });
    expect(() => parseFacts(undefined, hyperNetFactsSchema, "f")).toThrow(
      /must be a checkpoint of a HyperNet.*nothing of this program/,
    );
    expect(parseFacts("{}", z.looseObject({}), "f")).toEqual({});
  });

  it("safetensors", async () => {
    const files = scope(() => {
      const tensors = new Map([
        ["weight", fromArray([1, 2, 3, 4, 5, 6], [2, 3])],
        ["flag", fromArray([1, 0], [2], { dtype: "bool" })],
      ]);
      return [encodeSafetensors(tensors, { smash: "{}" }), encodeSafetensors(new Map())];
    });
    // Without the checksum, so that damage gets past it.
    const header =
      '{"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},"b":{"dtype":"U8","shape":[0],"data_offsets":[24,24]}}';
    const plain = Buffer.concat([
      Buffer.from([header.length, 0, 0, 0, 0, 0, 0, 0]),
      Buffer.from(header),
      Buffer.alloc(24),
    ]);
    const before = memoryStats().liveTensors;
    await feed("safetensors", damagedBytes(plain, plain, plain, ...files), (bytes) => {
      disposeAll(decodeSafetensors(bytes).tensors);
    });
    expect(memoryStats().liveTensors).toBe(before);
  });
});
