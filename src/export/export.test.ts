import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sampleArchitecture, type SpaceSettings } from "../arch/index.js";
import { small } from "../arch/small-space.fixture.js";
import { checkDataset, defaultDataDir, loadDataset, type ImageSet } from "../data/index.js";
import { readSafetensors } from "../nn/index.js";
import { Random } from "../random.js";
import type { Tensor } from "../tensor/index.js";
import { encodeOnnx, type TrainingFacts } from "./encode-onnx.js";
import { exportOnnx, measureQuantization } from "./export-onnx.js";
import { exportSafetensors } from "./export-safetensors.js";
import { exportableNetwork } from "./exportable-network.js";
import { livedInNetwork, randomArchitecture } from "./networks.fixture.js";
import { ModelProtoSchema } from "./onnx_pb.js";
import { OnnxSession } from "./onnx-session.js";
import { firstImages, noiseImages, pixelsOf } from "./run-images.js";

const version = "0.0.0";
const space: SpaceSettings = { ...small, input: { channels: 3, size: 32 }, classes: 10 };
const facts: TrainingFacts = {
  dataset: "cifar10",
  classes: ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
  statistics: { mean: [0.491, 0.482, 0.447], std: [0.247, 0.243, 0.262] },
};
const network = (seed: number) =>
  exportableNetwork(
    livedInNetwork(sampleArchitecture(space, Random.stream(seed, "export")), { seed, positive: true }),
  );

let folder = "";
let images: ImageSet;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "smash-export-"));
  const dataDir = defaultDataDir();
  const { verified } = await checkDataset("cifar10", { dataDir });
  // Real images where they are; a test does not fetch 170 MB.
  images = verified ? (await loadDataset("cifar10", { dataDir })).test : noiseImages(space.input, 256);
  // CIFAR-10 takes a second to read, on a busy machine many.
}, 120_000);
afterAll(() => rm(folder, { recursive: true }));

describe("an ONNX export", () => {
  it("gives the same classes on 256 images, and logits to 1e-4", async () => {
    for (let seed = 0; seed < 5; seed++) {
      const path = join(folder, `network-${seed}.onnx`);
      const result = await exportOnnx(network(seed), path, { facts, images, version });
      expect(result).toMatchObject({ path, images: 256, differentClasses: 0 });
      expect(result.maxAbsDifference).toBeLessThan(1e-4);
      expect((await stat(path)).size).toBe(result.bytes);
    }
  });

  it("is not written when its answers are not the network's", async () => {
    const path = join(folder, "wrong.onnx");
    const other = network(2);
    const wrong = { ...network(1), forward: (x: Tensor) => other.forward(x) };
    await expect(exportOnnx(wrong, path, { facts, images, version })).rejects.toThrow(/nothing was written/);
    await expect(stat(path)).rejects.toThrow("ENOENT");
  });

  it("with 8-bit weights is smaller, near the original, and says what it costs", async () => {
    // Wide enough for weights to outweigh names: the nearer to four times the wider.
    const wide = { ...space, baseChannels: 8, maxUnits: 64, width: 4 };
    const architecture = sampleArchitecture(wide, Random.stream(0, "export"));
    const own = exportableNetwork(livedInNetwork(architecture, { seed: 0, positive: true }));
    const few = firstImages(images, 32);
    const options = { facts, images: few, version, int8: true };
    const { maxAbsDifference, maxAbsLogit } = await exportOnnx(own, join(folder, "int8.onnx"), options);
    expect(maxAbsDifference).toBeGreaterThan(0);
    expect(maxAbsDifference / maxAbsLogit).toBeLessThan(0.1);
    const { bytes, int8Bytes, error, int8Error, images: count } = await measureQuantization(own, options);
    expect(bytes / int8Bytes).toBeGreaterThan(3);
    expect(count).toBe(32);
    for (const value of [error, int8Error]) expect(value * 32).toBeCloseTo(Math.round(value * 32));
  });

  it("takes any number of images", async () => {
    const session = await OnnxSession.open(encodeOnnx(network(0), facts, { version }));
    const all = await session.run(pixelsOf(images, 0, 3));
    for (let index = 0; index < 3; index++) {
      const one = await session.run(pixelsOf(images, index, index + 1));
      for (const [at, value] of one.entries()) expect(value).toBeCloseTo(all[index * 10 + at], 4);
    }
    await session.close();
  });

  it("passes the checker of the onnx package, shapes included, and carries its metadata", async (context) => {
    if (spawnSync("/usr/bin/python3", ["-c", "import onnx"]).status !== 0) {
      context.skip("the checker is Debian's python3-onnx, which is not installed");
    }
    const paths: string[] = [];
    for (let seed = 0; seed < 6; seed++) {
      const architecture = randomArchitecture(seed);
      const own = exportableNetwork(livedInNetwork(architecture, { seed }));
      const classes = Array.from({ length: architecture.classes }, (_, index) => `class ${index}`);
      const { channels } = architecture.input;
      const mean = new Array<number>(channels).fill(0.5);
      const about = { dataset: "noise", classes, statistics: { mean, std: mean } };
      const path = join(folder, `checked-${seed}.onnx`);
      const options = { facts: about, images: noiseImages(own.input, 4), version, int8: seed % 2 === 1 };
      await exportOnnx(own, path, options);
      paths.push(path);
    }
    const program = `
import json, sys, onnx
for path in sys.argv[1:]:
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    shapes = onnx.shape_inference.infer_shapes(model, strict_mode=True).graph
    assert len(shapes.value_info) >= len(shapes.node) - 1, "not every shape is known"
    metadata = {entry.key: entry.value for entry in model.metadata_props}
    print(len(json.loads(metadata["classes"])), json.loads(metadata["architecture"])["space"])
`;
    const { stdout, stderr, status } = spawnSync("/usr/bin/python3", ["-c", program, ...paths], {
      encoding: "utf8",
    });
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
    const lines = paths.map((_, seed) => `${randomArchitecture(seed).classes} memory-banks`);
    expect(stdout.trim().split("\n")).toEqual(lines);
  });

  it("needs few nodes for banks: as many a layer, however many banks it touches", () => {
    const wide = { ...space, baseChannels: 2, maxUnits: 16, width: 6, depth: 3 };
    const architecture = sampleArchitecture(wide, Random.stream(4, "export"));
    const layers = architecture.blocks.reduce((sum, block) => sum + block.layers.length, 0);
    const own = exportableNetwork(livedInNetwork(architecture, { seed: 0, positive: true }));
    const { graph } = fromBinary(ModelProtoSchema, encodeOnnx(own, facts, { version }));
    const count = (type: string) => graph!.node.filter(({ opType }) => opType === type).length;
    expect(count("Conv")).toBe(2 * layers + 3);
    // A layer's reads, its writes, and its repeated slices are joined; its output and the sum are split.
    expect(count("Concat")).toBeLessThanOrEqual(3 * layers + 3);
    expect(count("Split")).toBeLessThanOrEqual(2 * layers + 3);
    expect(count("BatchNormalization")).toBe(0);
  });
});

describe("a safetensors export", () => {
  it("holds the weights and statistics under plain names, to the last bit, with what they are of", async () => {
    const own = network(0);
    const path = join(folder, "network.safetensors");
    const { tensors, maxAbsDifference, bytes } = await exportSafetensors(own, path, facts);
    expect(maxAbsDifference).toBe(0);
    expect((await readFile(path)).length).toBe(bytes);
    const saved = await readSafetensors(path);
    expect(saved.tensors.size).toBe(tensors);
    expect([...saved.tensors.keys()]).toContain("head.bias");
    expect(JSON.parse(saved.metadata.architecture)).toEqual(own.architecture);
    expect(JSON.parse(saved.metadata.classes)).toEqual(facts.classes);
  });
});
