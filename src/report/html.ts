/**
 * The report of a run as one HTML file: no scripts, no requests, inline style and figures. It reads well on a phone, on
 * paper and in the dark, finished or not.
 */

import type { Figure } from "./draw-figure.js";
import { renderFigures } from "./figures.js";
import { headline, headlineText } from "./html-headline.js";
import { html, render, trusted } from "./html-markup.js";
import { notesSection, reproduceSection } from "./html-notes.js";
import { hypernetSection, rankingSection, scoresSection, searchedSection } from "./html-search.js";
import { styleSheet } from "./html-style.js";
import { mistakesSection } from "./html-mistakes.js";
import { winnerSection } from "./html-winner.js";
import type { ReportData } from "./report-data.js";

/** The page forbids itself scripts and requests, should markup from outside ever get past the escaping. */
const policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

/** The report as one HTML page. `figures` saves drawing them again when the caller already has them. */
export async function renderReport(data: ReportData, figures?: readonly Figure[]): Promise<string> {
  const drawn = figures ?? (await renderFigures(data));
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${headlineText(data)} · SMASH</title>
        <link rel="icon" href="data:," />
        <style>
          ${trusted(styleSheet)}
        </style>
      </head>
      <body>
        <main>
          ${headline(data)} ${searchedSection(data)} ${hypernetSection(drawn)} ${scoresSection(data, drawn)}
          ${rankingSection(data)} ${await winnerSection(data, drawn)} ${mistakesSection(data)}
          ${notesSection(data)} ${reproduceSection(data)}
        </main>
      </body>
    </html> `;
  return render(page);
}
