/** The section about the trained network's mistakes on the test images: which classes, which pairs, which images. */

import { classErrors, confusedPairs } from "./confusion.js";
import { drawConfusion, mostNamed } from "./confusion-map.js";
import { formatInteger, formatPercent } from "./format.js";
import { html, type Markup } from "./html-markup.js";
import type { MistakeImage, ReportData, TestDetails } from "./report-data.js";
import { shownNetwork } from "./shown-network.js";

const tableRows = 10;

export function mistakesSection(data: ReportData): Markup | undefined {
  const { test } = data;
  const shown = shownNetwork(data);
  if (test === undefined || shown === undefined) return undefined;
  return html`<section>
    <h2>Where the ${shown.name} is wrong</h2>
    <p>
      From the one test after training, on ${test.dataset}. Shown to be looked at: nothing was chosen or tuned
      by it.
    </p>
    ${confusionFigure(test)}
    <div class="tables">
      ${pairsTable(test)} ${test.classes.length > mostNamed ? classesTable(test) : undefined}
    </div>
    ${mistakes(test)}
  </section>`;
}

function confusionFigure(test: TestDetails): Markup | undefined {
  const map = drawConfusion(test);
  if (map === undefined) return undefined;
  const isNamed = test.classes.length <= mostNamed;
  const order = isNamed ? "" : " Classes stand in the order of the data set.";
  // Without text it may be as small as the page.
  return html`<figure class="${isNamed ? "drawing" : "drawing fitted"}">
    <div class="scroll" tabindex="0" role="group" aria-label="Confusion matrix">${map}</div>
    <figcaption>
      <strong>Confusion matrix.</strong> A row holds the images of one class, by what they were taken for, in
      percent of the row. Blue is right, from white for 0 to full for 100 %; orange is wrong, full for the
      most frequent confusion.${order}
    </figcaption>
  </figure>`;
}

interface Table {
  readonly head: readonly string[];
  /** How many columns, from the left, hold names; the others hold numbers. */
  readonly names: number;
  readonly rows: readonly (readonly string[])[];
}

function drawTable(title: string, { head, names, rows }: Table): Markup {
  const kind = (column: number) => (column < names ? "name" : "number");
  return html`<div>
    <h3>${title}</h3>
    <table class="words">
      <thead>
        <tr>
          ${head.map((name, column) => html`<th scope="col" class="${kind(column)}">${name}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr>
              ${row.map((value, column) => html`<td class="${kind(column)}">${value}</td>`)}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`;
}

function pairsTable({ classes, confusion }: TestDetails): Markup | undefined {
  const pairs = confusedPairs(confusion).slice(0, tableRows);
  if (pairs.length === 0) return undefined;
  return drawTable("Most confused", {
    head: ["True class", "Taken for", "Images", "Share of the class"],
    names: 2,
    rows: pairs.map(({ truth, prediction, images, share }) => [
      classes[truth],
      classes[prediction],
      formatInteger(images),
      formatPercent(share, 1),
    ]),
  });
}

function classesTable({ classes, confusion }: TestDetails): Markup {
  const hardest = classErrors(confusion)
    .filter(({ images }) => images > 0)
    .toSorted((one, other) => other.error - one.error)
    .slice(0, tableRows);
  return drawTable("Hardest classes", {
    head: ["True class", "Images", "Error"],
    names: 1,
    rows: hardest.map(({ label, images, error }) => [
      classes[label],
      formatInteger(images),
      formatPercent(error, 1),
    ]),
  });
}

function mistakes({ classes, mistakes }: TestDetails): Markup {
  if (mistakes.length === 0) return html`<p>Every test image was classified rightly.</p>`;
  return html`<h3>Its surest mistakes</h3>
    <p>
      The ${mistakes.length === 1 ? "test image" : `${mistakes.length} test images`} with the highest
      probability for a wrong class, surest first; below each, that class and the true one with their
      probabilities. Look for wrong labels, for objects cut off, and for what classes share.
    </p>
    <div class="mistakes">${mistakes.map((mistake) => mistakeFigure(mistake, classes))}</div>`;
}

function mistakeFigure(mistake: MistakeImage, classes: readonly string[]): Markup {
  const { index, png, probability, truthProbability } = mistake;
  const [truth, prediction] = [classes[mistake.truth], classes[mistake.prediction]];
  return html`<figure>
    <img src="data:image/png;base64,${png}" alt="test image ${index}: ${truth}, taken for ${prediction}" />
    <figcaption>
      <strong>${prediction}</strong> ${percent(probability)}<br />true: ${truth} ${percent(truthProbability)}
    </figcaption>
  </figure> `;
}

function percent(probability: number): string {
  return formatPercent(probability, 1).replace(" ", "\u00a0");
}
