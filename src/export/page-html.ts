/** The page around its scripts: one HTML document, complete but for what scripts fill in. */

import { escapeHtml } from "../report/index.js";
import type { PageData } from "./page/page-data.js";
import { pageStyle } from "./page-style.js";

export interface PageFacts {
  readonly data: PageData;
  /** A line about the network: parameters, bytes. */
  readonly about: string;
  /** What has to arrive before the first answer. */
  readonly downloadBytes: number;
}

export function renderPage({ data, about, downloadBytes }: PageFacts): string {
  const { classes, dataset, samples } = data;
  const title = `A network trained on ${dataset}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<link rel="icon" href="data:,">
<style>${pageStyle}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p>It tells ${classes.length} classes apart, here in your browser: no picture leaves this page.</p>
</header>
<p id="notice" class="notice" hidden>This page was opened as a file, and browsers run no modules from files. Serve its folder,
with <code>npx http-server</code> or <code>python3 -m http.server</code> say, and open the address that is printed.</p>
<noscript><p class="notice">This page needs JavaScript.</p></noscript>
<main id="main">
<section class="picture" aria-label="Picture">
<div id="zone" class="zone">
<canvas id="view" role="img" aria-label="The picture as the network sees it"></canvas>
<p class="hint">Drop an image here</p>
<p id="truth" class="badge"></p>
</div>
<div class="choose">
<input id="file" type="file" accept="image/*" class="visually-hidden">
<label for="file" class="button">Choose an image</label>
<span class="quiet">or drop or paste one</span>
</div>
</section>
<section class="answer" aria-label="Answer">
<div class="heading"><h2>Most probable</h2><span id="time" class="quiet"></span></div>
<ol id="classes" aria-live="polite"></ol>
<p id="status" role="status">Loading the network (${Math.ceil(downloadBytes / 1e6)} MB)…</p>
</section>
${samples.length > 0 ? sampleStrip(data) : ""}
</main>
<footer>
<p>${escapeHtml(about)}</p>
<details><summary>All ${classes.length} classes</summary><p>${classes.map(escapeHtml).join(", ")}</p></details>
</footer>
<script type="application/json" id="data">${JSON.stringify(data).replaceAll("<", "\\u003c")}</script>
<script>if (location.protocol === "file:") {
  document.getElementById("notice").hidden = false;
  document.getElementById("main").hidden = true;
}</script>
<script type="module" src="page/main.js"></script>
</body>
</html>
`;
}

function sampleStrip({ samples, classes }: PageData): string {
  const buttons = samples.map((label, index) => {
    const name = escapeHtml(classes[label]);
    const position = samples.length > 1 ? (100 * index) / (samples.length - 1) : 0;
    return (
      `<li><button type="button" aria-pressed="false" data-label="${name}" title="${name}" ` +
      `aria-label="Test image ${index + 1}: ${name}" style="background-position:${position.toFixed(4)}% 0"></button></li>`
    );
  });
  return `<section class="strip" aria-labelledby="strip-title" style="--count:${samples.length}">
<h2 id="strip-title">Test images it never learned from</h2>
<ul id="samples">${buttons.join("\n")}</ul>
</section>`;
}
