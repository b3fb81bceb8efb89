/** Runs an ONNX file of ours with ONNX Runtime on the CPU. */

import type { InferenceSession } from "onnxruntime-node";
import { inputName, outputName } from "./onnx-nodes.js";

export interface SessionOptions {
  /** Default 1. */
  readonly threads?: number;
}

export class OnnxSession {
  readonly #session: InferenceSession;
  readonly #shape: readonly number[];

  private constructor(session: InferenceSession) {
    this.#session = session;
    const [input] = session.inputMetadata;
    if (!input.isTensor) throw new TypeError(`${input.name} is no tensor`);
    this.#shape = input.shape.slice(1).map(Number);
  }

  /** Opens a file by path or content. The library (45 MB) is loaded here, not earlier. */
  static async open(model: string | Uint8Array, { threads = 1 }: SessionOptions = {}): Promise<OnnxSession> {
    const { InferenceSession } = await import("onnxruntime-node");
    const options = { executionProviders: ["cpu"], intraOpNumThreads: threads, interOpNumThreads: 1 };
    // The same call twice: its types are one signature for each.
    const session =
      typeof model === "string"
        ? await InferenceSession.create(model, options)
        : await InferenceSession.create(model, options);
    return new OnnxSession(session);
  }

  /** Bytes of one image. */
  get imageBytes(): number {
    return this.#shape.reduce((product, length) => product * length, 1);
  }

  /** Bytes [N, channels, size, size] -> logits [N, classes] */
  async run(images: Uint8Array): Promise<Float32Array> {
    const { Tensor } = await import("onnxruntime-node");
    const shape = [images.length / this.imageBytes, ...this.#shape];
    const results = await this.#session.run({ [inputName]: new Tensor("uint8", images, shape) });
    return results[outputName].data as Float32Array;
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}
