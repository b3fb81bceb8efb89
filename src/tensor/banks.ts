/**
 * Memory banks of a block as channel ranges of one buffer [N, C, H, W] (SMASH section 3.1).
 *
 * Reads and writes form one linear chain: each returns the buffer to use next, and the one passed in must not be used
 * again. A gradient then flows back through one buffer in reverse order instead of being sliced and summed bank by bank.
 */

import { SmashError } from "../errors.js";
import { zeros } from "./create.js";
import { native } from "./engine.js";
import type { DType } from "./native-ops.js";
import { normReluPool2d, toPair, type AffineBatchNorm, type SameConvOptions } from "./ops.js";
import { Tensor } from "./tensor.js";

/** BatchNorm if given, ReLU and `sameConv2d`, from banks or a tensor between to banks or another. */
export interface LayerStep {
  /** All steps of a `runLayers` have one, or none has. */
  readonly norm?: AffineBatchNorm | undefined;
  readonly weight: Tensor; // [O, I / groups, height, width]
  readonly dilation: readonly [number, number];
  readonly groups: number;
  /** Banks, concatenated; or the number of a tensor that a step before has written. */
  readonly from: readonly number[] | number;
  readonly to: readonly number[] | number;
}

export class BankBuffer {
  #buffer: Tensor;
  readonly #bankChannels: number;
  /** Banks 0 … occupied - 1 have been written. */
  #occupied = 0;

  /** Empty banks of `channels` channels in all, on the images of `like` [N, C, H, W], of its type and device. */
  constructor(like: Tensor, channels: number, bankChannels: number) {
    this.#buffer = new Tensor(native().newBanks(like.handle, channels));
    this.#bankChannels = bankChannels;
  }

  /** Banks of which `input` fills the first ones. */
  static holding(input: Tensor, channels: number, bankChannels: number): BankBuffer {
    const banks = new BankBuffer(input, channels, bankChannels);
    banks.write(input, range(input.shape[1] / bankChannels));
    return banks;
  }

  get occupied(): number {
    return this.#occupied;
  }

  get dtype(): DType {
    return this.#buffer.dtype;
  }

  get device(): string {
    return this.#buffer.device;
  }

  /** The banks' channels concatenated, [N, banks * bankChannels, H, W], through ReLU when asked. */
  read(banks: readonly number[], { relu = false } = {}): Tensor {
    const empty = banks.find((bank) => bank >= this.#occupied);
    if (empty !== undefined) {
      throw new SmashError("shape", {
        rule: "A bank is read after it was written.",
        found: `bank ${empty}, with ${this.#occupied} written.`,
        fix: "write banks in order, or read others.",
      });
    }
    const [values, buffer] = native().readBanks(this.#buffer.handle, banks, this.#bankChannels, relu);
    this.#buffer = new Tensor(buffer);
    return new Tensor(values);
  }

  /** All non-empty banks. */
  readAll(): Tensor {
    return this.read(range(this.#occupied));
  }

  /**
   * `normReluPool2d` of all non-empty banks. Ends the chain: nothing may be read or written afterwards. The banks are
   * not copied: the gradient that comes back is memory of their own, to which reads and writes may add.
   */
  normReluPool(batchNorm: AffineBatchNorm, pool: number | "global"): Tensor {
    const isWhole = this.#occupied * this.#bankChannels === this.#buffer.shape[1];
    return normReluPool2d(isWhole ? this.#buffer : this.readAll(), batchNorm, pool);
  }

  /**
   * Adds `value` [N, units, H, W] to the banks (sets empty ones). Its bank-sized slices are reused cyclically where
   * there are more banks than slices.
   */
  write(value: Tensor, banks: readonly number[]): void {
    this.#buffer = new Tensor(
      native().writeBanks(this.#buffer.handle, value.handle, banks, this.#bankChannels, this.#occupied),
    );
    this.#occupy(banks);
  }

  /** Writes `sameConv2d(x, weight, options)` without making it. */
  writeConv(
    x: Tensor,
    weight: Tensor,
    { banks, ...options }: SameConvOptions & { readonly banks: readonly number[] },
  ): void {
    const { dilation = 1, groups = 1, relu = false, bfloat16 = false } = options;
    this.#buffer = new Tensor(
      native().convWrite2d(
        this.#buffer.handle,
        x.handle,
        weight.handle,
        banks,
        this.#bankChannels,
        this.#occupied,
        toPair(dilation),
        groups,
        relu,
        bfloat16,
      ),
    );
    this.#occupy(banks);
  }

  /**
   * Several steps at once, with the results of `read`, `normReluPool2d`, `sameConv2d` and `writeConv`: image by image, so
   * that banks and what lies between two convolutions stay in the cache; where BatchNorms need the whole batch, step by
   * step. Only in float32 on a processor.
   */
  runLayers(steps: readonly LayerStep[], { bfloat16 = false } = {}): void {
    const handles = (tensors: readonly Tensor[]) => tensors.map(({ handle }) => handle);
    const weights = handles(steps.map(({ weight }) => weight));
    const specs = [encodeSteps(steps), this.#bankChannels, this.#occupied, bfloat16] as const;
    const norms = steps.flatMap(({ norm }) => norm ?? []);
    this.#buffer = new Tensor(
      norms.length === 0
        ? native().runLayers(this.#buffer.handle, weights, ...specs)
        : native().runNormLayers(
            this.#buffer.handle,
            weights,
            handles(norms.map(({ weight }) => weight)),
            handles(norms.map(({ bias }) => bias)),
            norms.map(({ mean }) => mean?.handle ?? null),
            norms.map(({ variance }) => variance?.handle ?? null),
            norms.map(({ training }) => Number(training)),
            norms.map(({ momentum = 0.1 }) => momentum),
            norms.map(({ epsilon = 1e-5 }) => epsilon),
            ...specs,
          ),
    );
    for (const { to } of steps) if (typeof to !== "number") this.#occupy(to);
  }

  /** Sets those of the banks that are empty to 0, as if something had written nothing to them. */
  fillEmpty(banks: readonly number[]): void {
    const empty = banks.filter((bank) => bank >= this.#occupied);
    if (empty.length === 0) return;
    const { shape, dtype, device } = this.#buffer;
    const [count, , height, width] = shape;
    this.write(zeros([count, this.#bankChannels, height, width], { dtype, device }).channelsLast(), empty);
  }

  #occupy(banks: readonly number[]): void {
    this.#occupied = Math.max(this.#occupied, banks[banks.length - 1] + 1);
  }
}

/** As the kernel takes them: banks read and written, each with their count before them; tensors between; options. */
function encodeSteps(steps: readonly LayerStep[]): readonly number[] {
  const banks = (place: LayerStep["from"]) => (typeof place === "number" ? [] : place);
  const tensor = (place: LayerStep["from"]) => (typeof place === "number" ? place : 0);
  return steps.flatMap(({ from, to, dilation, groups }) => [
    banks(from).length,
    ...banks(from),
    banks(to).length,
    ...banks(to),
    tensor(from),
    tensor(to),
    ...dilation,
    groups,
  ]);
}

const range = (count: number) => Array.from({ length: count }, (_, index) => index);
