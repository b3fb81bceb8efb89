/**
 * The HyperNet H: encoding c of an architecture -> the generated weights of all its layers in one pass, W = H(c): the
 * 1x1 convolutions (SMASH section 3.2 and appendix), or all convolutions of layers.
 *
 * A fully convolutional DenseNet over [k, L], batch 1, without down-sampling, so that neighbouring layers see each
 * other. Every kind of weight has an output of its own, laid out in bricks: each column holds the weights of its own N*D
 * input channels, each row those of its own units; a layer cuts its weight out of its own columns and first rows. Every
 * convolution, and every generated weight, is divided by its Euclidean norm (simplified weight norm).
 */

import type { EncodedArchitecture } from "../arch/index.js";
import { orthogonal } from "../nn/index.js";
import { Random } from "../random.js";
import type { Tensor } from "../tensor/index.js";
import {
  defaultDevice,
  cat,
  denseBlock,
  fromArray,
  generatedWeights,
  normal,
  zeros,
  type Device,
  type DType,
} from "../tensor/index.js";
import type { HyperNetOptions, HyperNetSettings } from "./settings.js";

/** Slope of the leaky ReLU for negative inputs. */
const slope = 0.02;

/** One kind of generated weight: the convolutions of all layers that stand at the same place of a layer. */
export interface HyperNetOutput {
  readonly name: string;
  /** Output channels of a weight that one row stands for. */
  readonly rowOutputs: number;
  /** Height = width of the largest kernel, pixels; of smaller ones the centre is taken. */
  readonly kernel: number;
}

/** What the space says about inputs and outputs. */
export interface HyperNetDimensions {
  /** C: channels of c, without the noise channel. */
  readonly channels: number;
  /** Input channels of a weight that one column stands for (N*D). */
  readonly columnInputs: number;
  readonly outputs: readonly HyperNetOutput[];
}

/** A weight to generate. */
export interface GeneratedSite {
  /** Name of its `HyperNetOutput`. */
  readonly output: string;
  /** Its layer's position in the encoding. */
  readonly layer: number;
  /** [outputs, inputs, kernel height, kernel width] */
  readonly shape: readonly [number, number, number, number];
}

/** Writes the weights of any architecture from its encoding, W = H(c) (SMASH section 3.2). */
export class HyperNet {
  readonly settings: HyperNetSettings;
  readonly dimensions: HyperNetDimensions;
  readonly #parameters = new Map<string, Tensor>();
  readonly #device: Device;
  readonly #dtype: DType;

  constructor(settings: HyperNetSettings, dimensions: HyperNetDimensions, options: HyperNetOptions) {
    this.settings = settings;
    this.dimensions = dimensions;
    this.#device = options.device ?? defaultDevice();
    this.#dtype = options.dtype ?? "float32";
    let channels = dimensions.channels + 1; // the noise channel z
    for (const [block, layers] of settings.denseBlocks.entries()) {
      if (block > 0) {
        const halved = Math.floor(channels / 2);
        this.#addConvolution(`transition${block}`, [halved, channels, 1, 1], options.seed);
        channels = halved;
      }
      for (let layer = 0; layer < layers; layer++) {
        this.#addConvolution(`dense${block}.${layer}`, [settings.growth, channels, 3, 3], options.seed);
        channels += settings.growth;
      }
    }
    for (const { name, rowOutputs, kernel } of dimensions.outputs) {
      const outputs = kernel ** 2 * rowOutputs * dimensions.columnInputs;
      this.#addConvolution(name, [outputs, channels, 1, 1], options.seed);
    }
  }

  /** Trainable parameters by name. */
  parameters(): ReadonlyMap<string, Tensor> {
    return this.#parameters;
  }

  /**
   * The weights of the sites, in their order. Without `noiseSeed` the noise z is 0, so that scores are reproducible; with
   * it, z ~ N(0, 1) drawn from that seed. `encoding` is c [C, k, L] as a tensor, in place of `encoded.data`: a gradient
   * can reach it.
   */
  generate(
    encoded: EncodedArchitecture,
    sites: readonly GeneratedSite[],
    {
      noiseSeed,
      encoding,
    }: { readonly noiseSeed?: number | undefined; readonly encoding?: Tensor | undefined } = {},
  ): Tensor[] {
    const features = this.#run(this.#input(encoding ?? this.#load(encoded), noiseSeed));
    const weights = new Map<GeneratedSite, Tensor>();
    for (const output of this.dimensions.outputs) {
      const own = sites.filter((site) => site.output === output.name);
      if (own.length === 0) continue;
      const tensors = this.#cut(this.#project(features, output.name, encoded), own, { encoded, output });
      for (const [index, site] of own.entries()) weights.set(site, tensors[index]);
    }
    return sites.map((site) => weights.get(site)!);
  }

  #cut(
    bricks: Tensor,
    sites: readonly GeneratedSite[],
    { encoded, output }: { readonly encoded: EncodedArchitecture; readonly output: HyperNetOutput },
  ): Tensor[] {
    const places = sites.map(({ layer, shape }) => {
      const { start, end } = encoded.layers[layer];
      const gain = this.settings.weightNorm === "he" ? Math.sqrt(2 * shape[0]) : 1;
      return { start, columns: end - start, shape, gain };
    });
    return generatedWeights(bricks, places, { ...output, columnInputs: this.dimensions.columnInputs });
  }

  /** [C, k, L] */
  #load({ channels, height, length, data }: EncodedArchitecture): Tensor {
    return fromArray(data, [channels, height, length], { device: this.#device, dtype: this.#dtype });
  }

  /** [C, k, L] -> [C + 1, k, L] */
  #input(c: Tensor, noiseSeed: number | undefined): Tensor {
    const place = { device: this.#device, dtype: this.#dtype };
    const shape = [1, ...c.shape.slice(1)];
    const z = noiseSeed === undefined ? zeros(shape, place) : normal(shape, noiseSeed, place);
    return cat([c, z], 0);
  }

  /** [C + 1, k, L] -> [k * L, features] */
  #run(input: Tensor): Tensor {
    const [, height, length] = input.shape;
    let x = input;
    for (const [block, layers] of this.settings.denseBlocks.entries()) {
      if (block > 0) {
        const narrowed = this.#pointwise(`transition${block}`).matmul(flatten(x.leakyRelu(slope)));
        x = narrowed.reshape([narrowed.shape[0], height, length]);
      }
      const weights = Array.from({ length: layers }, (_, layer) =>
        this.#parameters.get(`dense${block}.${layer}`)!,
      );
      x = denseBlock(x, weights, { slope });
    }
    return flatten(x.leakyRelu(slope)).transpose(0, 1);
  }

  /** [k * L, features] -> bricks of one kind [1, kernel * kernel * rowOutputs * columnInputs, k, L], channels-last */
  #project(features: Tensor, output: string, { height, length }: EncodedArchitecture): Tensor {
    const weight = this.#pointwise(output);
    return features
      .matmul(weight.transpose(0, 1))
      .reshape([1, height, length, weight.shape[0]])
      .permute([0, 3, 1, 2]);
  }

  #addConvolution(name: string, shape: readonly number[], seed: number): void {
    const weight = orthogonal(shape, Random.stream(seed, "hypernet", name).seed(), {
      device: this.#device,
      dtype: this.#dtype,
    });
    this.#parameters.set(name, weight.requireGrad());
  }

  /** A normalised 1x1 convolution as a matrix [outputs, inputs]. */
  #pointwise(name: string): Tensor {
    const weight = this.#parameters.get(name)!;
    return weight.div(weight.norm()).reshape(weight.shape.slice(0, 2));
  }
}

/** [C, k, L] -> [C, k * L] */
function flatten(x: Tensor): Tensor {
  const [channels, height, length] = x.shape;
  return x.reshape([channels, height * length]);
}
