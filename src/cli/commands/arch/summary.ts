/** An architecture in words: one table a block, one row a layer; or one row an edge of a cell. */

import { blockChannels, cellEdges, countCost, pruneCell, stageCount } from "../../../arch/index.js";
import type { Architecture, Block, CellArchitecture, Layer } from "../../../arch/index.js";
import { formatCount, formatTextTable } from "../../../report/index.js";

const columns = [
  { title: "layer", align: "right" },
  { title: "reads banks" },
  { title: "1×1 to", align: "right" },
  { title: "convolutions" },
  { title: "units", align: "right" },
  { title: "writes banks" },
] as const;

/** No line break at the end. */
export function summarizeArchitecture(architecture: Architecture): string {
  if (architecture.space === "nas-bench-201") return summarizeCell(architecture);
  const { input, classes, stem, blocks, activationOrder, batchNorm } = architecture;
  const { parameters, flops } = countCost(architecture);
  const image = `${input.size}×${input.size}×${input.channels} image, ${classes} classes`;
  const head = `head: global average pool of ${blockChannels(blocks.at(-1)!)} channels, ${classes} classes`;
  const order = activationOrder === "post" ? ", post-activation" : "";
  const norms = batchNorm === "ops" ? ", BatchNorm inside layers" : "";
  return [
    `${image}, ${formatCount(parameters)} parameters, ${formatCount(flops)} multiply-adds${order}${norms}`,
    `stem: ${stem.kernel}×${stem.kernel} convolution to ${blocks[0].inputChannels} channels`,
    ...blocks.map((block, index) => summarizeBlock(block, index, input.size / 2 ** index)),
    head,
  ].join("\n\n");
}

function summarizeCell(architecture: CellArchitecture): string {
  const { input, classes, channels, cells, cell } = architecture;
  const { parameters, flops } = countCost(architecture);
  const pruned = pruneCell(cell);
  const widths = Array.from({ length: stageCount }, (_, stage) => channels * 2 ** stage).join(", ");
  const rows = cellEdges.map(({ source, target }, edge) => [
    `${source} to ${target}`,
    cell[edge],
    pruned[edge] === cell[edge] ? "" : "carries nothing",
  ]);
  return [
    `${input.size}×${input.size}×${input.channels} image, ${classes} classes, ${formatCount(parameters)} parameters, ${formatCount(flops)} multiply-adds`,
    `${stageCount} stages of ${cells} cells at ${widths} channels`,
    formatTextTable([{ title: "nodes" }, { title: "operation" }, { title: "" }], rows),
  ].join("\n\n");
}

function summarizeBlock(block: Block, index: number, size: number): string {
  const { bankChannels, inputChannels } = block;
  const channels = blockChannels(block);
  const banks = `${channels} channels in ${channels / bankChannels} banks of ${bankChannels}`;
  const rows = block.layers.map((layer, position) => [String(position + 1), ...describeLayer(layer)]);
  const title = `block ${index + 1}: ${size}×${size}, ${inputChannels} channels in, ${banks}`;
  return `${title}\n${formatTextTable(columns, rows)}`;
}

function describeLayer({ reads, bottleneck, convolutions, gates, units, writes }: Layer): string[] {
  const steps = convolutions.map(({ position, kernel, dilation, groups, activation }) =>
    [
      convolutions.length > 1 ? `${position}:` : "",
      kernel.join("×"),
      dilation.some((step) => step > 1)
        ? `dilation ${dilation[0] === dilation[1] ? dilation[0] : dilation.join("×")}`
        : "",
      groups > 1 ? `groups ${groups}` : "",
      activation === "relu" ? "" : activation,
    ]
      .filter((word) => word !== "")
      .join(" "),
  );
  if (gates.length > 0) steps.push(`gates at ${gates.join(", ")}`);
  return [formatRanges(reads), String(bottleneck), steps.join(", "), String(units), formatRanges(writes)];
}

/** Ascending numbers with runs joined: 0-3, 7. */
function formatRanges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last?.[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? String(first) : `${first}-${last}`)).join(", ");
}
