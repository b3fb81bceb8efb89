import { beforeAll, describe, expect, it } from "vitest";
import { listSites, sampleArchitecture, type MemoryBankArchitecture, type Site } from "../arch/index.js";
import { smallOptions } from "../arch/small-space.fixture.js";
import { Random } from "../random.js";
import {
  avgPool2d,
  batchNorm,
  cat,
  conv2d,
  noGrad,
  normal,
  scope,
  setThreads,
  type Tensor,
} from "../tensor/index.js";
import { ResultingNetwork } from "./resulting-network.js";
import { runNetwork } from "./run-network.js";
import { SmashNetwork } from "./smash-network.js";
import { batchStatistics } from "./statistics.js";
import type { WeightSource } from "./weight-source.js";

beforeAll(() => setThreads(2));

/** What SMASH sections 3.1 and 3.2 say, written out plainly: NCHW, every bank a tensor of its own. */
class PlainNetwork {
  readonly #architecture: MemoryBankArchitecture;
  readonly #source: WeightSource;
  readonly #sites: readonly Site[];

  constructor(architecture: MemoryBankArchitecture, source: WeightSource) {
    this.#architecture = architecture;
    this.#source = source;
    this.#sites = listSites(architecture);
  }

  run(images: Tensor): Tensor {
    let x = this.#convolve("stem", images.contiguous());
    for (const [index, block] of this.#architecture.blocks.entries()) {
      const { bankChannels, inputChannels, layers } = block;
      const banks = x.split(Array<number>(inputChannels / bankChannels).fill(bankChannels), 1);
      for (const [position, layer] of layers.entries()) {
        const read = cat(
          layer.reads.map((bank) => banks[bank]),
          1,
        );
        const output = this.#runArray(layer, `${index} ${position}`, read);
        const slices = output.split(Array<number>(layer.units / bankChannels).fill(bankChannels), 1);
        for (const [written, bank] of layer.writes.entries()) {
          const slice = slices[written % slices.length];
          banks[bank] = bank < banks.length ? banks[bank].add(slice) : slice;
        }
      }
      const exit = index < this.#architecture.blocks.length - 1 ? `transition ${index}` : "head";
      const features = this.#normalize(exit, cat(banks, 1)).relu();
      if (exit === "head") return this.#classify(features);
      x = avgPool2d(this.#convolve(exit, features), 2);
    }
    throw new TypeError("a network without blocks");
  }

  /** A layer: the 1x1, then two paths of up to two convolutions, summed or joined by gates. */
  #runArray(
    { convolutions, gates }: MemoryBankArchitecture["blocks"][number]["layers"][number],
    at: string,
    read: Tensor,
  ): Tensor {
    const hidden = this.#step(`pointwise ${at}`, read, "relu");
    const has = (place: number) => convolutions.some(({ position }) => position === place);
    const run = (place: number, x: Tensor) => {
      const convolution = convolutions.find(({ position }) => position === place);
      return convolution ? this.#step(`convolution ${at} ${place}`, x, convolution.activation) : x;
    };
    const gate = (left: Tensor, right: Tensor) => left.tanh().mul(right.sigmoid());
    const first = run(0, hidden);
    if (!has(2)) return run(1, first);
    const third = run(2, hidden);
    // A gate after the first convolutions makes one tensor of them, from which both paths go on.
    const [left, right] = gates.includes(0) ? [gate(first, third), gate(first, third)] : [first, third];
    const [second, fourth] = [run(1, left), run(3, right)];
    return gates.includes(1) ? gate(second, fourth) : second.add(fourth);
  }

  /** Pre-activation, BatchNorm (where there is one), nonlinearity, convolution; or the convolution first. */
  #step(name: string, x: Tensor, activation: "relu" | "tanh" | "sigmoid"): Tensor {
    const activate = (value: Tensor) => this.#normalize(name, value)[activation]();
    return this.#architecture.activationOrder === "pre"
      ? this.#convolve(name, activate(x))
      : activate(this.#convolve(name, x));
  }

  #normalize(name: string, x: Tensor): Tensor {
    const index = this.#find(name);
    return this.#source.hasBatchNorm(this.#sites[index]) ? batchNorm(x, this.#source.batchNorm(index)) : x;
  }

  #convolve(name: string, x: Tensor): Tensor {
    const index = this.#find(name);
    const site = this.#sites[index];
    if (site.kind === "head") throw new TypeError("the head is not a convolution");
    const { dilation, groups, shape } = site;
    const padding = [(dilation[0] * (shape[2] - 1)) / 2, (dilation[1] * (shape[3] - 1)) / 2] as const;
    return conv2d(x, this.#source.weights(index).weight.contiguous(), { dilation, groups, padding });
  }

  #classify(features: Tensor): Tensor {
    const { weight, bias } = this.#source.weights(this.#find("head"));
    return features
      .mean({ dims: [2, 3] })
      .matmul(weight.transpose(0, 1))
      .add(bias!);
  }

  #find(name: string): number {
    return this.#sites.findIndex((site) => {
      switch (site.kind) {
        case "stem":
        case "head":
          return name === site.kind;
        case "transition":
          return name === `transition ${site.block}`;
        case "pointwise":
          return name === `pointwise ${site.block} ${site.layer}`;
        case "convolution":
          return name === `convolution ${site.block} ${site.layer} ${site.position}`;
      }
    });
  }
}

describe("the forward pass is the one written out plainly", () => {
  const hypernet = { denseBlocks: [2, 2], growth: 4, weightNorm: "he" } as const;

  it.each(smallOptions)("with generated weights and with a network's own: %s", (_, space) => {
    for (let seed = 0; seed < 8; seed++) {
      scope(() =>
        noGrad(() => {
          const architecture = sampleArchitecture(space, Random.stream(seed, "test"));
          const smash = new SmashNetwork({ space, hypernet, seed });
          const own = new ResultingNetwork(architecture, { seed });
          for (const [name, parameter] of [...smash.free.parameters(), ...own.parameters()]) {
            // Not the ones and zeros that BatchNorms and the head's bias begin with.
            if (/norm|bias/.test(name)) parameter.addInPlace(normal(parameter.shape, seed), 0.3);
          }
          const images = normal([4, 3, 8, 8], seed).channelsLast();
          const statistics = batchStatistics;
          for (const source of [smash.generate(architecture, { statistics }), own.source(statistics)]) {
            const expected = new PlainNetwork(architecture, source).run(images);
            const logits = runNetwork(architecture, source, images);
            const scale = expected.abs().max().item();
            expect(logits.sub(expected).abs().max().item() / scale).toBeLessThan(1e-4);
          }
        }),
      );
    }
  });
});
