/** The section about the network that the report is about: its drawing as memory banks and its ordinary training. */

import { drawArchitecture, drawDataFlow, formatCell, type Architecture } from "../arch/index.js";
import type { Figure } from "./draw-figure.js";
import { formatCount, formatDuration, formatInteger, formatPercent } from "./format.js";
import { html, trusted, type Markup } from "./html-markup.js";
import { factList, plots } from "./html-parts.js";
import type { ReportData, TestDetails } from "./report-data.js";
import { shownNetwork, type ShownNetwork } from "./shown-network.js";

export async function winnerSection(
  data: ReportData,
  figures: readonly Figure[],
): Promise<Markup | undefined> {
  const shown = shownNetwork(data);
  if (shown === undefined) return undefined;
  const { name, architecture } = shown;
  return html`<section>
    <h2>The ${name}</h2>
    <p>${describe(architecture)}</p>
    <figure class="drawing">
      <div class="scroll" tabindex="0" role="group" aria-label="Drawing of the architecture">
        ${trusted(drawArchitecture(architecture))}
      </div>
      <figcaption>
        ${
          architecture.space === "nas-bench-201"
            ? html`<strong>The cell.</strong> Every node is the sum of its incoming edges; all cells of the
                network are alike. Dashed edges carry nothing to the output.`
            : html`<strong>Memory banks.</strong> Each layer reads some banks, computes, and adds its output
                to the banks it writes.`
        }
      </figcaption>
    </figure>
    ${dataFlow(architecture, await drawDataFlow(architecture))} ${training(data, shown, figures)}
  </section>`;
}

function dataFlow({ space }: Architecture, drawing: string | undefined): Markup | undefined {
  if (drawing !== undefined) {
    return html`<figure class="drawing flow">
      <div class="scroll" tabindex="0" role="group" aria-label="Data flow of the architecture">
        ${trusted(drawing)}
      </div>
      <figcaption>
        <strong>The same network as a graph.</strong> Layer 2.1 is the first of block 2. A circle is a sum
        that a memory bank holds; what meets at a box is concatenated. Broader lines carry more channels.
      </figcaption>
    </figure>`;
  }
  // A cell's drawing above is its graph.
  if (space === "nas-bench-201") return undefined;
  return html`<p>It has too many connections to be read as a graph, so none is drawn.</p>`;
}

function training(
  { trained, trials, dataset, test }: ReportData,
  { rank }: ShownNetwork,
  figures: readonly Figure[],
): Markup | undefined {
  if (trained === undefined) return undefined;
  const isOther = trained.dataset !== dataset.name;
  const testImages = test ? countImages(test) : isOther ? undefined : dataset.testImages;
  return html`<h3>Trained from scratch</h3>
    ${plots(figures, ["winner-curve"])}
    ${factList("facts", [
      ["Data set", isOther ? trained.dataset : undefined],
      ["Rank", rank && `${formatInteger(rank)} of ${formatInteger(trials.length)}`],
      ["Parameters", formatCount(trained.parameters)],
      ["Multiply-adds", formatCount(trained.flops)],
      ["Test error", formatPercent(trained.testError)],
      ["Test images", testImages && formatInteger(testImages)],
      ["Validation error", formatPercent(trained.validationError)],
      ["Epochs", formatInteger(trained.epochs)],
      ["Training time", formatDuration(trained.seconds)],
      ["Checkpoint", html`<code>${trained.checkpoint}</code>`],
    ])}`;
}

function countImages({ confusion }: TestDetails): number {
  return confusion.flat().reduce((sum, count) => sum + count, 0);
}

function describe(architecture: Architecture): string {
  const { input } = architecture;
  if (architecture.space === "nas-bench-201") {
    const { cells } = architecture;
    return `${formatCell(architecture.cell)}, ${cells} times in each of three stages, on images of ${input.size} × ${input.size} pixels.`;
  }
  const { blocks } = architecture;
  const layers = blocks.map((block) => block.layers.length);
  const total = layers.reduce((sum, count) => sum + count, 0);
  return (
    `${blocks.length === 1 ? "One block" : `${blocks.length} blocks`} with ${layers.join(", ")} layers, ` +
    `${total} in all, on images of ${input.size} × ${input.size} pixels.`
  );
}
