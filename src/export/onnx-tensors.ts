/** Numbers as ONNX initializers. */

import { create } from "@bufbuild/protobuf";
import type { Weights } from "./graph.js";
import { TensorProto_DataType, TensorProtoSchema, type TensorProto } from "./onnx_pb.js";

const types = [
  [Float32Array, TensorProto_DataType.FLOAT],
  [Int8Array, TensorProto_DataType.INT8],
  [BigInt64Array, TensorProto_DataType.INT64],
] as const;

/** Values in the byte order of ONNX files, which is that of all machines libtorch runs on. */
export function tensorProto(
  name: string,
  shape: readonly number[],
  values: Float32Array | Int8Array | BigInt64Array,
): TensorProto {
  const [, dataType] = types.find(([type]) => values instanceof type)!;
  return create(TensorProtoSchema, {
    name,
    dims: shape.map(BigInt),
    dataType,
    rawData: new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
  });
}

export interface QuantizedWeights {
  readonly values: Int8Array;
  /** One for each output channel: weight = scale * value. */
  readonly scales: Float32Array;
}

/** Symmetric 8-bit weights: each filter's largest absolute weight becomes 127. */
export function quantizeWeights({ shape: [outputs], data }: Weights): QuantizedWeights {
  const filter = data.length / outputs;
  const scales = new Float32Array(outputs).fill(1);
  const values = new Int8Array(data.length);
  for (let output = 0; output < outputs; output++) {
    const weights = data.subarray(output * filter, (output + 1) * filter);
    const largest = weights.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
    if (largest > 0) scales[output] = largest / 127;
    // By the stored float32, so that what is lost is rounding alone.
    for (const [index, weight] of weights.entries()) {
      values[output * filter + index] = Math.min(127, Math.max(-127, Math.round(weight / scales[output])));
    }
  }
  return { values, scales };
}
