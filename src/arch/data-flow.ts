/**
 * An architecture as a graph of what flows where: operations are nodes, and so is every sum that memory banks hold when
 * they are read (SMASH section 3.1). A bank that holds one layer's output as it is has no node of its own.
 *
 * Banks with the same terms share a node: which slice of an output goes to which bank is not told.
 */

import type { MemoryBankArchitecture, Block } from "./architecture.js";
import { labelPaths } from "./draw-labels.js";
import { nonEmptyBanks } from "./memory-banks.js";

export interface FlowNode {
  readonly id: string;
  readonly kind: "image" | "stem" | "layer" | "sum" | "transition" | "head";
  readonly name: string;
  /** What it computes, one step a line; none for the image and for sums. */
  readonly steps: readonly string[];
}

export interface FlowEdge {
  readonly from: string;
  readonly to: string;
  /** What it carries, 0 for the image. */
  readonly channels: number;
}

export interface DataFlow {
  /** In an order in which they can run. */
  readonly nodes: readonly FlowNode[];
  readonly edges: readonly FlowEdge[];
}

export function traceDataFlow({ blocks, input, stem, classes }: MemoryBankArchitecture): DataFlow {
  const image = `${input.size}×${input.size}×${input.channels}`;
  const flow = new FlowBuilder();
  flow.addNode({ id: "image", kind: "image", name: `image ${image}`, steps: [] });
  flow.addNode({
    id: "stem",
    kind: "stem",
    name: "Stem",
    steps: [`${stem.kernel}×${stem.kernel} → ${blocks[0].inputChannels}`],
  });
  flow.addEdge("image", "stem", 0);
  let entry = "stem";
  for (const [index, block] of blocks.entries()) {
    const next = blocks.at(index + 1);
    const size = input.size / 2 ** (index + 1);
    const exit: FlowNode = next
      ? {
          id: `transition ${index + 1}`,
          kind: "transition",
          name: `Transition to block ${index + 2}`,
          steps: ["BatchNorm, ReLU", `1×1 → ${next.inputChannels}`, `2×2 pool → ${size}×${size} pixels`],
        }
      : {
          id: "head",
          kind: "head",
          name: "Head",
          steps: ["BatchNorm, ReLU", "global average pool", `${classes} classes`],
        };
    traceBlock(block, { index, entry, exit, flow });
    entry = exit.id;
  }
  return flow;
}

class FlowBuilder implements DataFlow {
  readonly nodes: FlowNode[] = [];
  readonly #edges = new Map<string, FlowEdge>();

  get edges(): readonly FlowEdge[] {
    return [...this.#edges.values()];
  }

  has(id: string): boolean {
    return this.nodes.some((node) => node.id === id);
  }

  addNode(node: FlowNode): void {
    this.nodes.push(node);
  }

  /** Channels between the same two nodes add up. */
  addEdge(from: string, to: string, channels: number): void {
    const key = `${from} ${to}`;
    const before = this.#edges.get(key)?.channels ?? 0;
    this.#edges.set(key, { from, to, channels: before + channels });
  }
}

interface BlockPlace {
  readonly index: number;
  /** The node that fills the first banks. */
  readonly entry: string;
  /** The node that reads all banks in the end. */
  readonly exit: FlowNode;
  readonly flow: FlowBuilder;
}

function traceBlock(block: Block, { index, entry, exit, flow }: BlockPlace): void {
  const { bankChannels, layers } = block;
  /** The nodes whose sum each bank holds. */
  const banks: string[][] = Array.from({ length: nonEmptyBanks(block, 0) }, () => [entry]);
  /** The node that holds what is in the bank now. */
  const valueOf = (bank: number): string => {
    const terms = banks[bank];
    if (terms.length === 1) return terms[0];
    const id = `${index}: ${terms.join(" + ")}`;
    if (!flow.has(id)) flow.addNode({ id, kind: "sum", name: "sum", steps: [] });
    for (const term of terms) flow.addEdge(term, id, bankChannels);
    banks[bank] = [id];
    return id;
  };
  const addReader = (reader: FlowNode, reads: readonly number[]) => {
    const values = reads.map(valueOf);
    flow.addNode(reader);
    for (const value of values) flow.addEdge(value, reader.id, bankChannels);
  };
  for (const [position, layer] of layers.entries()) {
    const place = `${index + 1}.${position + 1}`;
    const steps = [`1×1 → ${layer.bottleneck}`, ...labelPaths(layer), `${layer.units} units`];
    addReader({ id: `layer ${place}`, kind: "layer", name: `Layer ${place}`, steps }, layer.reads);
    for (const bank of layer.writes) banks[bank] = [...(banks.at(bank) ?? []), `layer ${place}`];
  }
  addReader(exit, [...banks.keys()]);
}
