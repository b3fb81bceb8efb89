/** Steps of networks other than memory banks: strides, pooling that leaves padding out, residual sums. */

import { describe, expect, it } from "vitest";
import {
  avgPool2d,
  conv2d,
  globalAvgPool2d,
  linear as linearOf,
  noGrad,
  normal,
  type Tensor,
} from "../tensor/index.js";
import { encodeOnnx } from "./encode-onnx.js";
import { activate, add, averagePool, convolve, globalAveragePool, linear } from "./graph.js";
import type { ExportableNetwork } from "./network-graph.js";
import { OnnxSession } from "./onnx-session.js";
import { noiseImages, pixelsOf, runNetworkOn } from "./run-images.js";

const facts = {
  dataset: "noise",
  classes: ["a", "b", "c"],
  statistics: { mean: [0.5, 0.4, 0.3], std: [0.2, 0.3, 0.4] },
};

/** A residual reduction as in NAS-Bench-201, and a cell of one pooling and one skip connection. */
function cellNetwork(): ExportableNetwork {
  const tensors = {
    stem: normal([4, 3, 3, 3], 1),
    first: normal([8, 4, 3, 3], 2),
    second: normal([8, 8, 3, 3], 3),
    shortcut: normal([8, 4, 1, 1], 4),
    head: normal([3, 8], 5),
  };
  const weights = (name: keyof typeof tensors) => ({
    name,
    weights: { shape: tensors[name].shape, data: Float64Array.from(tensors[name].toNumbers()) },
  });
  return {
    architecture: { space: "cells" },
    input: { channels: 3, size: 8 },
    buildGraph(images) {
      const stem = convolve(images, { ...weights("stem"), padding: [1, 1] });
      const first = convolve(activate(stem, "relu"), {
        ...weights("first"),
        padding: [1, 1],
        stride: [2, 2],
      });
      const second = convolve(activate(first, "relu"), { ...weights("second"), padding: [1, 1] });
      const shortcut = convolve(averagePool(stem, { kernel: 2 }), weights("shortcut"));
      const reduced = add(second, shortcut);
      const pooled = averagePool(reduced, { kernel: 3, stride: 1, padding: 1, countsPadding: false });
      return linear(globalAveragePool(activate(add(pooled, reduced), "relu")), weights("head"));
    },
    forward(images) {
      const stem = conv2d(images, tensors.stem, { padding: 1 });
      const first = conv2d(stem.relu(), tensors.first, { padding: 1, stride: 2 });
      const second = conv2d(first.relu(), tensors.second, { padding: 1 });
      const reduced = second.add(conv2d(avgPool2d(stem, 2), tensors.shortcut));
      const pooled = avgPool2d(reduced, 3, { stride: 1, padding: 1, countPadding: false });
      return linearOf(globalAvgPool2d(pooled.add(reduced).relu()), tensors.head);
    },
    state: () => new Map<string, Tensor>(Object.entries(tensors)),
  };
}

describe("a network of another kind", () => {
  it("is exported by saying how it is built", async () => {
    const network = noGrad(cellNetwork);
    const images = noiseImages(network.input, 32);
    const own = runNetworkOn(network, images, facts.statistics);
    const session = await OnnxSession.open(encodeOnnx(network, facts, { version: "0" }));
    const theirs = await session.run(pixelsOf(images, 0, images.count));
    await session.close();
    const scale = Math.max(...own.map(Math.abs));
    expect(scale).toBeGreaterThan(1);
    for (const [index, value] of own.entries()) {
      expect(Math.abs(value - theirs[index]) / scale).toBeLessThan(1e-5);
    }
  });
});
