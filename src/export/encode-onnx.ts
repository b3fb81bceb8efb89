/**
 * The bytes of an ONNX file. IR version 8 and operator set 17 (ONNX 1.12 of 2022), which every runtime in use reads.
 *
 * Input "images": uint8 [batch, channels, size, size], 0 … 255. Bytes, because a file that takes floats runs without
 * complaint on images scaled to 0 … 1 or already normalised, and answers wrongly. Output "logits": float32
 * [batch, classes]; softmax gives probabilities. Limit: 2 GiB, as protobuf has it.
 */

import { create, toBinary } from "@bufbuild/protobuf";
import type { ChannelStatistics } from "../data/index.js";
import { foldAffine } from "./fold.js";
import { buildNetworkGraph, type ExportableNetwork } from "./network-graph.js";
import {
  ModelProtoSchema,
  TensorProto_DataType,
  TensorShapeProto_DimensionSchema,
  ValueInfoProtoSchema,
} from "./onnx_pb.js";
import { inputName, outputName, writeNodes } from "./onnx-nodes.js";

/** What a network was trained on: goes into the file's graph and metadata. */
export interface TrainingFacts {
  /** Name of the data set. */
  readonly dataset: string;
  /** Names of the classes, in the order of the logits. */
  readonly classes: readonly string[];
  /** The normalisation of its images. */
  readonly statistics: ChannelStatistics;
}

/** What an ONNX file says besides the network. */
export interface OnnxOptions {
  /** Weights in 8 bits, one scale for each output channel. Default false. */
  readonly int8?: boolean;
  /** Of this program. */
  readonly version: string;
}

const irVersion = 8n;
const operatorSet = 17n;

/** The content of an ONNX file: images [N, C, size, size], bytes 0 … 255, -> logits [N, classes], any N. */
export function encodeOnnx(
  network: ExportableNetwork,
  facts: TrainingFacts,
  options: OnnxOptions,
): Uint8Array {
  const { int8 = false, version } = options;
  const { channels, size } = network.input;
  const { dataset, classes, statistics } = facts;
  const output = foldAffine(buildNetworkGraph(network, statistics));
  const { nodes, initializers } = writeNodes(output, { int8 });
  const metadata = {
    architecture: JSON.stringify(network.architecture),
    classes: JSON.stringify(classes),
    dataset,
    input: `${channels === 3 ? "RGB" : `${channels} channels`}, bytes 0 to 255, [batch, channels, height, width]`,
    output: "logits [batch, classes]; softmax gives probabilities",
  };
  const model = create(ModelProtoSchema, {
    irVersion,
    opsetImport: [{ domain: "", version: operatorSet }],
    producerName: "smash",
    producerVersion: version,
    graph: {
      name: "smash",
      node: [...nodes],
      initializer: [...initializers],
      input: [valueInfo(inputName, TensorProto_DataType.UINT8, ["batch", channels, size, size])],
      output: [valueInfo(outputName, TensorProto_DataType.FLOAT, ["batch", classes.length])],
    },
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  });
  return toBinary(ModelProtoSchema, model);
}

function valueInfo(name: string, elemType: TensorProto_DataType, shape: readonly (string | number)[]) {
  const dim = shape.map((length) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof length === "string"
          ? { case: "dimParam", value: length }
          : { case: "dimValue", value: BigInt(length) },
    }),
  );
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType, shape: { dim } } } },
  });
}
