/** The network in the browser: ONNX Runtime's WebAssembly, one thread, everything from beside the page. */

import type * as Ort from "onnxruntime-web/wasm";
import type { PageData } from "./page-data.js";

export interface Answer {
  /** One for each class; they add up to 1. */
  readonly probabilities: readonly number[];
  readonly milliseconds: number;
}

export class Network {
  readonly #ort: typeof Ort;
  readonly #session: Ort.InferenceSession;
  readonly #shape: readonly number[];

  private constructor(ort: typeof Ort, session: Ort.InferenceSession, { channels, size }: PageData) {
    this.#ort = ort;
    this.#session = session;
    this.#shape = [1, channels, size, size];
  }

  static async load(data: PageData): Promise<Network> {
    const address = (name: string) => new URL(name, document.baseURI).href;
    const ort = (await import(address("ort/ort.js"))) as typeof Ort;
    // More threads need headers that a plain static server does not send.
    ort.env.wasm.numThreads = 1;
    ort.env.wasm.wasmPaths = { mjs: address("ort/ort-wasm.js") };
    const [binary, model] = await Promise.all(["ort/ort-wasm.wasm", "model.onnx"].map(fetchBytes));
    // Given as bytes, because not every server knows the type of .wasm, which a browser asks for.
    ort.env.wasm.wasmBinary = binary;
    const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
    const network = new Network(ort, session, data);
    // The first run allocates; its time says nothing.
    await network.run(new Uint8Array(data.channels * data.size ** 2));
    return network;
  }

  /** `planes`: bytes [channels, size, size]. */
  async run(planes: Uint8Array): Promise<Answer> {
    const images = new this.#ort.Tensor("uint8", planes, this.#shape);
    const start = performance.now();
    const { logits } = await this.#session.run({ images });
    const milliseconds = performance.now() - start;
    return { probabilities: softmax(logits.data as Float32Array), milliseconds };
  }
}

async function fetchBytes(name: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(name);
  if (!response.ok) throw new Error(`${name}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

function softmax(logits: Float32Array): number[] {
  const largest = logits.reduce((most, value) => Math.max(most, value), -Infinity);
  const powers = Array.from(logits, (value) => Math.exp(value - largest));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}
