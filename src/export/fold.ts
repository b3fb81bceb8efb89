/**
 * Takes the BatchNorms (and the normalisation of the input) into the weights beside them, where that is exact:
 *
 * - after a convolution that nothing else uses: scale and shift go into its filters and bias;
 * - before a convolution or the head, even through ReLU and average pooling: the scale goes into its weights, because
 *   relu(s x + t) = s relu(x + t / s) for s > 0 and pooling is linear. The shift remains as one addition; it too
 *   disappears where nothing stands between and there is no padding.
 *
 * What stays: a BatchNorm before tanh or sigmoid, or before ReLU with a scale of 0 or less, unless a convolution of its
 * own comes before it.
 */

import type { Affine, Convolution, Linear, Value, Weights } from "./graph.js";
import { listConsumers, listValues, rewriteGraph } from "./walk-graph.js";

type Weighted = Convolution | Linear;

/** Below this, dividing a shift by the scale could leave the range of float32. */
const smallestScale = 1e-12;

export function foldAffine(output: Value): Value {
  return foldForward(foldBackward(output));
}

/** Into the convolution before it. */
function foldBackward(output: Value): Value {
  const consumers = listConsumers(listValues(output));
  return rewriteGraph(output, (old, step) => {
    if (old.kind !== "affine" || step.kind !== "affine" || step.input.kind !== "convolution") return step;
    if (consumers.get(old.input)!.length > 1) return step;
    const { input, scale, shift } = step;
    const bias = shift.map((value, channel) => value + scale[channel] * (input.bias?.[channel] ?? 0));
    return { ...input, weights: scaleOutputs(input.weights, scale), bias };
  });
}

/** Into the convolution or fully connected layer after it. */
function foldForward(output: Value): Value {
  const consumers = listConsumers(listValues(output));
  const scales = new Map<Value, Float64Array>();
  const shifts = new Map<Value, Float64Array>();
  for (const value of consumers.keys()) {
    if (value.kind !== "affine") continue;
    const target = findTarget(value, consumers);
    if (!target) continue;
    scales.set(target, value.scale);
    scales.set(value, value.scale);
    if (target.input === value && !hasPadding(target)) shifts.set(target, value.shift);
  }
  return rewriteGraph(output, (old, step) => {
    const scale = scales.get(old);
    if (!scale) return step;
    if (step.kind === "affine") {
      const isGone = consumers.get(old)!.some((consumer) => shifts.has(consumer));
      return isGone ? step.input : withoutScale(step);
    }
    if (step.kind !== "convolution" && step.kind !== "linear") return step;
    const shift = shifts.get(old);
    return {
      ...step,
      weights: scaleInputs(step, scale),
      bias: shift ? addShift(step, shift) : step.bias,
    };
  });
}

/** The only weights that take what this affine gives, if its scale can reach them. */
function findTarget(start: Affine, consumers: ReadonlyMap<Value, readonly Value[]>): Weighted | undefined {
  const isPositive = start.scale.every((value) => value > smallestScale);
  const isNonzero = start.scale.every((value) => Math.abs(value) > smallestScale);
  for (let value: Value = start; ;) {
    const next: readonly Value[] = consumers.get(value)!;
    if (next.length !== 1) return undefined;
    [value] = next;
    switch (value.kind) {
      case "convolution":
      case "linear":
        return isNonzero ? value : undefined;
      case "average-pool":
      case "global-average-pool":
        break;
      case "activation":
        if (value.activation !== "relu" || !isPositive) return undefined;
        break;
      case "image":
      case "affine":
      case "add":
      case "multiply":
      case "join":
        return undefined;
    }
  }
}

function withoutScale({ scale, shift, ...rest }: Affine): Affine {
  return { ...rest, scale: scale.map(() => 1), shift: shift.map((value, channel) => value / scale[channel]) };
}

function hasPadding(step: Weighted): boolean {
  return step.kind === "convolution" && step.padding.some((amount) => amount > 0);
}

function scaleOutputs({ shape, data }: Weights, scale: Float64Array): Weights {
  const filter = data.length / shape[0];
  return { shape, data: data.map((value, index) => value * scale[Math.floor(index / filter)]) };
}

/** The input channel that the weight at each position is for. */
function inputChannelOf(step: Weighted): (index: number) => number {
  const [outputs, inputs, ...kernel] = step.weights.shape;
  const groups = step.kind === "convolution" ? step.groups : 1;
  const taps = kernel.reduce((product, length) => product * length, 1);
  return (index) => {
    const group = Math.floor(index / taps / inputs / (outputs / groups));
    return group * inputs + (Math.floor(index / taps) % inputs);
  };
}

function scaleInputs(step: Weighted, scale: Float64Array): Weights {
  const channelOf = inputChannelOf(step);
  const { shape, data } = step.weights;
  return { shape, data: data.map((value, index) => value * scale[channelOf(index)]) };
}

/** The bias that a shift of every input amounts to. */
function addShift(step: Weighted, shift: Float64Array): Float64Array {
  const channelOf = inputChannelOf(step);
  const bias = step.bias?.slice() ?? new Float64Array(step.channels);
  const filter = step.weights.data.length / step.channels;
  for (const [index, value] of step.weights.data.entries()) {
    bias[Math.floor(index / filter)] += value * shift[channelOf(index)];
  }
  return bias;
}
