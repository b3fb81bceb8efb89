/**
 * The same computation with other values, many times. A GPU computes small networks faster than a program can tell it
 * what to do; there the computation is recorded once, as a CUDA graph, and then told by one call.
 */

import { native } from "./engine.js";
import { scope } from "./scope.js";
import type { Tensor } from "./tensor.js";

/** Runs that are not recorded: libraries set themselves up when they are first used. */
const warmup = 2;

/** What a recorded computation reads and writes; freed by `dispose`, or with the scope in which it was recorded. */
interface Recorded {
  readonly inputs: readonly Tensor[];
  readonly result: Tensor;
}

/** Runs a computation, and records it where the device can. */
export class Recording {
  #runs = 0;
  #recorded: Recorded | undefined;

  /**
   * The result of `body`, for the caller to free. What `body` does must depend on `inputs` and on tensors that stay where
   * they are, alone: it runs at first, and again for inputs of other shapes, but not in every call. Gradients it leaves
   * stay where they are, too: only `body` may clear them. It must neither read a tensor nor send one to the device.
   */
  run(inputs: readonly Tensor[], body: (inputs: readonly Tensor[]) => Tensor): Tensor {
    if (!native().canRecord(inputs[0].device)) return scope(() => body(inputs));
    if (this.#runs++ < warmup) return scope(() => body(inputs));
    if (this.#recorded && !fits(this.#recorded, inputs)) this.dispose();
    this.#recorded ??= record(inputs, body);
    return replay(this.#recorded, inputs);
  }

  /** Frees what is recorded; the next call records anew. */
  dispose(): void {
    if (this.#recorded) free([...this.#recorded.inputs, this.#recorded.result]);
    this.#recorded = undefined;
  }
}

function free(tensors: readonly Tensor[]): void {
  for (const tensor of tensors) tensor.dispose();
}

function fits({ inputs, result }: Recorded, others: readonly Tensor[]): boolean {
  if (result.isDisposed) return false;
  return inputs.every(
    ({ shape, dtype }, index) => shape.join() === others[index].shape.join() && dtype === others[index].dtype,
  );
}

function record(inputs: readonly Tensor[], body: (inputs: readonly Tensor[]) => Tensor): Recorded {
  const own = inputs.map((input) => input.clone());
  const engine = native();
  engine.beginRecording(inputs[0].device);
  try {
    const result = scope(() => body(own));
    engine.endRecording(result.handle);
    return { inputs: own, result };
  } catch (error) {
    engine.abandonRecording();
    free(own);
    throw error;
  }
}

function replay({ inputs, result }: Recorded, values: readonly Tensor[]): Tensor {
  inputs.forEach((input, index) => input.copyFrom(values[index]));
  native().replay(result.handle);
  return result.clone();
}
