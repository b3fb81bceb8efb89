/** A graph as ONNX nodes and initializers, operator set 17: one node a step, and a Split where a value is read in parts. */

import { create } from "@bufbuild/protobuf";
import type { Affine, AveragePool, ChannelRange, Convolution, Join, Linear, Value } from "./graph.js";
import {
  AttributeProto_AttributeType,
  NodeProtoSchema,
  type NodeProto,
  type TensorProto,
} from "./onnx_pb.js";
import { quantizeWeights, tensorProto } from "./onnx-tensors.js";
import { listValues } from "./walk-graph.js";

export const inputName = "images";
export const outputName = "logits";

export interface OnnxNodes {
  readonly nodes: readonly NodeProto[];
  readonly initializers: readonly TensorProto[];
}

export interface NodeOptions {
  /** 8-bit weights. */
  readonly int8: boolean;
}

export function writeNodes(output: Value, options: NodeOptions): OnnxNodes {
  return new NodeWriter(output, options).write();
}

type Attributes = Readonly<Record<string, number | readonly number[]>>;

class NodeWriter {
  readonly #output: Value;
  readonly #values: readonly Value[];
  readonly #isInt8: boolean;
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #names = new Map<Value, string>();
  /** Where values are cut, ascending, from 0 to their number of channels; only those that are. */
  readonly #cuts: ReadonlyMap<Value, readonly number[]>;
  readonly #counts = new Map<string, number>();

  constructor(output: Value, { int8 }: NodeOptions) {
    this.#output = output;
    this.#values = listValues(output);
    this.#isInt8 = int8;
    this.#cuts = listCuts(this.#values);
  }

  write(): OnnxNodes {
    for (const value of this.#values) {
      const name = this.#write(value);
      this.#names.set(value, name);
      const cuts = this.#cuts.get(value);
      if (cuts) this.#split(name, cuts);
    }
    return { nodes: this.#nodes, initializers: this.#initializers };
  }

  /** Writes the nodes of one step; gives the name of its result. */
  #write(value: Value): string {
    switch (value.kind) {
      case "image":
        return this.#node("Cast", [inputName], { name: "pixels", attributes: { to: 1 } });
      case "convolution":
        return this.#writeConvolution(value);
      case "linear":
        return this.#node("Gemm", this.#weighted(value), {
          name: this.#nameOf(value, value.name),
          attributes: { transB: 1 },
        });
      case "affine":
        return this.#writeAffine(value);
      case "activation": {
        const type = { relu: "Relu", tanh: "Tanh", sigmoid: "Sigmoid" }[value.activation];
        return this.#node(type, [this.#names.get(value.input)!], { name: this.#fresh(value.activation) });
      }
      case "add":
      case "multiply": {
        const inputs = [this.#names.get(value.left)!, this.#names.get(value.right)!];
        return this.#node(value.kind === "add" ? "Add" : "Mul", inputs, { name: this.#fresh(value.kind) });
      }
      case "average-pool":
        return this.#writeAveragePool(value);
      case "global-average-pool": {
        const pooled = this.#node("GlobalAveragePool", [this.#names.get(value.input)!], {
          name: this.#fresh("pool"),
        });
        return this.#node("Flatten", [pooled], { name: `${pooled}.flat`, attributes: { axis: 1 } });
      }
      case "join":
        return this.#writeJoin(value);
    }
  }

  #writeConvolution(value: Convolution): string {
    const { weights, padding, dilation, stride, groups } = value;
    return this.#node("Conv", this.#weighted(value), {
      name: this.#nameOf(value, value.name),
      attributes: {
        kernel_shape: weights.shape.slice(2),
        pads: [...padding, ...padding],
        dilations: dilation,
        strides: stride,
        group: groups,
      },
    });
  }

  /** What a step with weights takes: its input, weights, bias. */
  #weighted({ name, input, weights, bias }: Convolution | Linear): string[] {
    const inputs = [this.#names.get(input)!];
    if (this.#isInt8) {
      const { values, scales } = quantizeWeights(weights);
      this.#initializers.push(tensorProto(`${name}.weight.int8`, weights.shape, values));
      this.#initializers.push(tensorProto(`${name}.weight.scale`, [scales.length], scales));
      const stored = [`${name}.weight.int8`, `${name}.weight.scale`];
      inputs.push(
        this.#node("DequantizeLinear", stored, { name: `${name}.weight`, attributes: { axis: 0 } }),
      );
    } else {
      inputs.push(this.#floats(`${name}.weight`, weights.shape, weights.data));
    }
    if (bias) inputs.push(this.#floats(`${name}.bias`, [bias.length], bias));
    return inputs;
  }

  #writeAffine({ name, input, scale, shift, channels }: Affine): string {
    const x = this.#names.get(input)!;
    if (scale.every((value) => value === 1)) {
      const constant = this.#floats(`${name}.shift`, [1, channels, 1, 1], shift);
      return this.#node("Add", [x, constant], { name });
    }
    const zeros = new Float64Array(channels);
    const parameters = { scale, shift, mean: zeros, variance: zeros.map(() => 1) };
    const names = Object.entries(parameters).map(([part, values]) =>
      this.#floats(`${name}.${part}`, [channels], values),
    );
    // Statistics are in scale and shift already.
    return this.#node("BatchNormalization", [x, ...names], { name, floats: { epsilon: 0 } });
  }

  #writeAveragePool({ input, kernel, stride, padding, countsPadding }: AveragePool): string {
    return this.#node("AveragePool", [this.#names.get(input)!], {
      name: this.#fresh("pool"),
      attributes: {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [padding, padding, padding, padding],
        count_include_pad: Number(countsPadding),
      },
    });
  }

  #writeJoin({ ranges }: Join): string {
    const parts = ranges.flatMap((range) => this.#parts(range));
    if (parts.length === 1) return parts[0];
    return this.#node("Concat", parts, { name: this.#fresh("banks"), attributes: { axis: 1 } });
  }

  /** The names that a range of a value's channels consists of. */
  #parts({ value, start, count }: ChannelRange): string[] {
    const name = this.#names.get(value)!;
    const cuts = this.#cuts.get(value);
    if (!cuts) return [name];
    return cuts.flatMap((cut, index) =>
      cut >= start && cut < start + count ? [`${name}.part${index}`] : [],
    );
  }

  #split(name: string, cuts: readonly number[]): void {
    const sizes = BigInt64Array.from(cuts.slice(1), (cut, index) => BigInt(cut - cuts[index]));
    this.#initializers.push(tensorProto(`${name}.parts`, [sizes.length], sizes));
    const outputs = Array.from(sizes, (_, index) => `${name}.part${index}`);
    this.#node("Split", [name, `${name}.parts`], { name: outputs[0], outputs, attributes: { axis: 1 } });
  }

  #floats(name: string, shape: readonly number[], values: Float64Array): string {
    this.#initializers.push(tensorProto(name, shape, Float32Array.from(values)));
    return name;
  }

  #nameOf(value: Value, name: string): string {
    return value === this.#output ? outputName : name;
  }

  #fresh(kind: string): string {
    const count = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, count + 1);
    return `${kind}${count}`;
  }

  #node(
    opType: string,
    input: readonly string[],
    options: {
      readonly name: string;
      readonly outputs?: readonly string[];
      readonly attributes?: Attributes;
      readonly floats?: Readonly<Record<string, number>>;
    },
  ): string {
    const { name, outputs = [name], attributes = {}, floats = {} } = options;
    const { INT, INTS, FLOAT } = AttributeProto_AttributeType;
    const attribute = [
      ...Object.entries(attributes).map(([key, value]) =>
        typeof value === "number"
          ? { name: key, type: INT, i: BigInt(value) }
          : { name: key, type: INTS, ints: value.map(BigInt) },
      ),
      ...Object.entries(floats).map(([key, f]) => ({ name: key, type: FLOAT, f })),
    ];
    this.#nodes.push(
      create(NodeProtoSchema, { opType, name, input: [...input], output: [...outputs], attribute }),
    );
    return name;
  }
}

function listCuts(values: readonly Value[]): ReadonlyMap<Value, readonly number[]> {
  const cuts = new Map<Value, Set<number>>();
  for (const join of values) {
    if (join.kind !== "join") continue;
    for (const { value, start, count } of join.ranges) {
      const own = cuts.get(value) ?? new Set([0, value.channels]);
      cuts.set(value, own.add(start).add(start + count));
    }
  }
  const sorted = [...cuts].map(([value, own]) => [value, [...own].sort((a, b) => a - b)] as const);
  return new Map(sorted.filter(([, own]) => own.length > 2));
}
