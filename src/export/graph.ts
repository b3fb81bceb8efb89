/**
 * A trained network as a graph of a few kinds of steps: what every network is written down as before it becomes ONNX.
 *
 * Values are immutable and point at their inputs, so that a rewrite makes new ones. All weights are float64, which
 * keeps folding exact to the last bit of the float32 that is stored. A feature map is [N, channels, H, W]; after
 * `globalAveragePool` it is [N, channels].
 */

export interface Weights {
  /** [out, in / groups, kernel height, kernel width] or [out, in] */
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

type Pair = readonly [number, number];

/** A step that has weights of its own; the name is the weights' in the file. */
interface Weighted {
  readonly name: string;
  readonly input: Value;
  readonly weights: Weights;
  readonly bias: Float64Array | undefined; // [out]
  readonly channels: number;
}

/** The input: bytes 0 … 255. */
export interface Image {
  readonly kind: "image";
  readonly channels: number;
}

export interface Convolution extends Weighted {
  readonly kind: "convolution";
  /** Vertical, horizontal; zeros on both sides. */
  readonly padding: Pair;
  readonly dilation: Pair;
  readonly stride: Pair;
  readonly groups: number;
}

/** Fully connected: [N, in] -> [N, out] */
export interface Linear extends Weighted {
  readonly kind: "linear";
}

/** scale * x + shift for each channel: what a BatchNorm with fixed statistics is. */
export interface Affine {
  readonly kind: "affine";
  readonly name: string;
  readonly input: Value;
  readonly scale: Float64Array; // [channels]
  readonly shift: Float64Array; // [channels]
  readonly channels: number;
}

export interface Activation {
  readonly kind: "activation";
  readonly input: Value;
  readonly activation: "relu" | "tanh" | "sigmoid";
  readonly channels: number;
}

/** Elementwise sum or product. */
export interface Pairwise {
  readonly kind: "add" | "multiply";
  readonly left: Value;
  readonly right: Value;
  readonly channels: number;
}

export interface AveragePool {
  readonly kind: "average-pool";
  readonly input: Value;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  /** Whether padding counts as zeros in the mean. */
  readonly countsPadding: boolean;
  readonly channels: number;
}

export interface GlobalAveragePool {
  readonly kind: "global-average-pool";
  readonly input: Value;
  readonly channels: number;
}

/** Some channels of a value. */
export interface ChannelRange {
  readonly value: Value;
  readonly start: number;
  readonly count: number;
}

/** Ranges of channels, one after the other. */
export interface Join {
  readonly kind: "join";
  readonly ranges: readonly ChannelRange[];
  readonly channels: number;
}

export type Value =
  Image | Convolution | Linear | Affine | Activation | Pairwise | AveragePool | GlobalAveragePool | Join;

export interface ConvolutionOptions {
  readonly name: string;
  readonly weights: Weights;
  readonly bias?: Float64Array;
  readonly padding?: Pair;
  readonly dilation?: Pair;
  readonly stride?: Pair;
  readonly groups?: number;
}

export function convolve(input: Value, options: ConvolutionOptions): Convolution {
  const { bias, padding = [0, 0], dilation = [1, 1], stride = [1, 1], groups = 1, ...rest } = options;
  const [channels] = rest.weights.shape;
  return { kind: "convolution", ...rest, input, bias, padding, dilation, stride, groups, channels };
}

export function linear(
  input: Value,
  { bias, ...rest }: { readonly name: string; readonly weights: Weights; readonly bias?: Float64Array },
): Linear {
  return { kind: "linear", ...rest, input, bias, channels: rest.weights.shape[0] };
}

export function affine(
  input: Value,
  options: { readonly name: string; readonly scale: Float64Array; readonly shift: Float64Array },
): Affine {
  return { kind: "affine", ...options, input, channels: input.channels };
}

export function activate(input: Value, activation: Activation["activation"]): Activation {
  return { kind: "activation", input, activation, channels: input.channels };
}

export function add(left: Value, right: Value): Pairwise {
  return { kind: "add", left, right, channels: left.channels };
}

export function multiply(left: Value, right: Value): Pairwise {
  return { kind: "multiply", left, right, channels: left.channels };
}

export interface AveragePoolOptions {
  readonly kernel: number;
  /** Default: the kernel's size. */
  readonly stride?: number;
  readonly padding?: number;
  readonly countsPadding?: boolean;
}

export function averagePool(input: Value, options: AveragePoolOptions): AveragePool {
  const { kernel, stride = kernel, padding = 0, countsPadding = true } = options;
  return { kind: "average-pool", input, kernel, stride, padding, countsPadding, channels: input.channels };
}

export function globalAveragePool(input: Value): GlobalAveragePool {
  return { kind: "global-average-pool", input, channels: input.channels };
}

/** The ranges one after the other; neighbours become one, and all of one value is that value. */
export function join(ranges: readonly ChannelRange[]): Value {
  const merged: ChannelRange[] = [];
  for (const range of ranges) {
    const last = merged.at(-1);
    if (last?.value === range.value && last.start + last.count === range.start) {
      merged[merged.length - 1] = { ...last, count: last.count + range.count };
    } else merged.push(range);
  }
  const [first] = merged;
  if (merged.length === 1 && first.count === first.value.channels) return first.value;
  return { kind: "join", ranges: merged, channels: merged.reduce((sum, { count }) => sum + count, 0) };
}
