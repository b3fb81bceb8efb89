import { describe, expect, it } from "vitest";
import { buildCellArchitecture, cellAt, sampleArchitecture, type Architecture } from "../arch/index.js";
import { small } from "../arch/small-space.fixture.js";
import { Random } from "../random.js";
import { fromArray, noGrad, scope } from "../tensor/index.js";
import { encodeOnnx, type TrainingFacts } from "./encode-onnx.js";
import { exportableNetwork } from "./exportable-network.js";
import type { ExportableNetwork } from "./network-graph.js";
import { livedInNetwork, randomArchitecture } from "./networks.fixture.js";
import { OnnxSession } from "./onnx-session.js";

const imageCount = 16;

function facts({ input, classes }: Architecture): TrainingFacts {
  const channels = Array.from({ length: input.channels }, (_, channel) => channel);
  return {
    dataset: "noise",
    classes: Array.from({ length: classes }, (_, index) => `class ${index}`),
    statistics: {
      mean: channels.map((channel) => 0.4 + 0.1 * channel),
      std: channels.map((channel) => 0.2 + 0.05 * channel),
    },
  };
}

function randomImages({ input }: Architecture, seed: number): Uint8Array {
  const random = Random.stream(seed, "images");
  return Uint8Array.from({ length: imageCount * input.channels * input.size ** 2 }, () =>
    random.integer(0, 255),
  );
}

function ownLogits(network: ExportableNetwork, images: Uint8Array, { statistics }: TrainingFacts): number[] {
  const { channels, size } = network.input;
  const { mean, std } = statistics;
  const normalized = Float32Array.from(images, (value, index) => {
    const channel = Math.floor(index / size ** 2) % channels;
    return (value / 255 - mean[channel]) / std[channel];
  });
  return scope(() =>
    noGrad(() => network.forward(fromArray(normalized, [imageCount, channels, size, size])).toNumbers()),
  );
}

async function largestDifference(
  architecture: Architecture,
  seed: number,
  positive: boolean,
): Promise<number> {
  const network = exportableNetwork(livedInNetwork(architecture, { seed, positive }));
  const about = facts(architecture);
  const images = randomImages(architecture, seed);
  const session = await OnnxSession.open(encodeOnnx(network, about, { version: "0" }));
  const theirs = await session.run(images);
  await session.close();
  const own = ownLogits(network, images, about);
  const scale = Math.max(1, ...own.map(Math.abs));
  return Math.max(...own.map((value, index) => Math.abs(value - theirs[index]) / scale));
}

describe("the ONNX file in ONNX Runtime", () => {
  it("gives the network's logits for arrays, gates, groups, dilations, nonlinearities and both orders", async () => {
    for (let seed = 0; seed < 40; seed++) {
      const architecture = randomArchitecture(seed);
      expect(await largestDifference(architecture, seed, seed % 2 === 0), `seed ${seed}`).toBeLessThan(1e-4);
    }
  });

  it("gives the network's logits for cells, also for those that nothing passes through", async () => {
    const settings = {
      name: "nas-bench-201",
      channels: 4,
      cells: 2,
      sampling: "uniform",
      input: { channels: 3, size: 8 },
      classes: 4,
    } as const;
    for (let position = 0; position < 15_625; position += 781) {
      const architecture = buildCellArchitecture(settings, cellAt(position));
      const difference = await largestDifference(architecture, position, position % 2 === 0);
      expect(difference, `cell ${position}`).toBeLessThan(1e-4);
    }
  });

  it("gives the network's logits for sampled architectures", async () => {
    const space = { ...small, input: { channels: 3, size: 16 }, classes: 10 };
    for (let seed = 0; seed < 10; seed++) {
      const architecture = sampleArchitecture(space, Random.stream(seed, "export-sampled"));
      expect(await largestDifference(architecture, seed, false), `seed ${seed}`).toBeLessThan(1e-4);
    }
  });
});
