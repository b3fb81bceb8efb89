/** The few repeated pieces of the page: a list of named values and a row of figures. */

import type { Figure } from "./draw-figure.js";
import { html, trusted, type Content, type Markup } from "./html-markup.js";

/** Name and value; a value of `undefined` leaves the entry out. */
export type Fact = readonly [name: string, value: Content];

export function factList(className: "key-figures" | "facts", facts: readonly Fact[]): Markup {
  const entries = facts
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) =>
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div> `,
    );
  return html`<dl class="${className}">${entries}</dl>`;
}

/** The named figures that exist, side by side where there is room; nothing when there are none. */
export function plots(figures: readonly Figure[], names: readonly string[]): Markup | undefined {
  const shown = figures.filter(({ name }) => names.includes(name));
  if (shown.length === 0) return undefined;
  const items = shown.map(
    ({ title, caption, svg }) =>
      html`<figure class="plot">
        ${trusted(svg)}
        <figcaption><strong>${title}.</strong> ${unbroken(caption)}</figcaption>
      </figure> `,
  );
  return html`<div class="${shown.length === 1 ? "plots single" : "plots"}">${items}</div>`;
}

/** The text with every number and its percent sign kept on one line. */
export function unbroken(text: string): string {
  return text.replaceAll(" %", "\u00a0%");
}
