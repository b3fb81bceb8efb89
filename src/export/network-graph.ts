/**
 * What can be exported: a network that writes itself as a graph and also runs here, so that both can be compared.
 *
 * A new kind of network is one file that implements this (`cell-graph.ts` is one).
 */

import type { ChannelStatistics } from "../data/index.js";
import { runningStatistics, type TrainableNetwork } from "../network/index.js";
import type { Tensor } from "../tensor/index.js";
import { affine, type Image, type Value } from "./graph.js";

/** A trained network in the form that exports take; implement it to export another kind of network. */
export interface ExportableNetwork {
  /** The architecture as JSON, for the file's metadata. */
  readonly architecture: object;
  /** Height = width of the images, pixels. */
  readonly input: { readonly channels: number; readonly size: number };
  /** Normalised images -> logits, with the running statistics. */
  buildGraph(images: Value): Value;
  /** Normalised images [N, C, size, size] -> logits [N, classes], with the running statistics. */
  forward(images: Tensor): Tensor;
  /** Trained weights and running statistics by name. */
  state(): ReadonlyMap<string, Tensor>;
}

/** A trained network that `buildGraph` writes down. */
export function exportable(
  network: TrainableNetwork,
  buildGraph: (images: Value) => Value,
): ExportableNetwork {
  const { architecture } = network;
  return {
    architecture,
    input: architecture.input,
    buildGraph,
    forward: (images) => network.forward(images, { statistics: runningStatistics }),
    state: () => new Map([...network.parameters(), ...network.buffers()]),
  };
}

/** The whole way from bytes to logits. */
export function buildNetworkGraph(network: ExportableNetwork, { mean, std }: ChannelStatistics): Value {
  const image: Image = { kind: "image", channels: network.input.channels };
  const normalized = affine(image, {
    name: "normalize",
    scale: Float64Array.from(std, (deviation) => 1 / (255 * deviation)),
    shift: Float64Array.from(mean, (average, channel) => -average / std[channel]),
  });
  return network.buildGraph(normalized);
}
