/** The end of the page: how to read the numbers honestly, how to get them again, and the full configuration. */

import { formatInteger } from "./format.js";
import { html, type Markup } from "./html-markup.js";
import { factList } from "./html-parts.js";
import type { ReportData } from "./report-data.js";
import { scoreNaming } from "./score-naming.js";

const batchNormNotes: Readonly<Record<ReportData["batchNorm"], string>> = {
  recalibrated: "BatchNorm statistics were measured anew for each architecture before it was scored.",
  batch:
    "BatchNorm used the statistics of each validation batch, so a score depends on which images share a batch.",
  running:
    "BatchNorm used running statistics gathered over many architectures. They fit none exactly; recalibrated scores are safer.",
};

export function notesSection(data: ReportData): Markup {
  const { dataset, rankedBy, trained } = data;
  return html`<section>
    <h2>How to read this</h2>
    <ul>
      <li>
        <strong>The SMASH score</strong> is
        ${scoreNaming[rankedBy].meaning(formatInteger(dataset.scoringImages))}. It ranks architectures. It
        does not say how good a network becomes after training; trained networks are far better.
      </li>
      <li>
        <strong>Scores compare within one HyperNet only.</strong> Another run, seed or step count gives
        another scale.
      </li>
      <li>
        <strong>The ranking is a guide.</strong> One-shot scores separate poor architectures from good ones
        well, and the good ones from each other poorly. Size alone is a strong rival.
        <code>smash study correlation</code> measures both on trained networks.
      </li>
      <li>${batchNormNotes[data.batchNorm]}</li>
      <li>
        <strong>Validation images are held out</strong> from all training. Choosing the lowest of many scores
        makes that score look better than it is.
      </li>
      <li>
        <strong>Test images decided nothing.</strong>
        ${
          trained === undefined
            ? "No number in this report comes from them."
            : "They were used once, after training, for the test error and what is shown of it."
        }
      </li>
      <li>Errors are shares of images classified wrongly. A multiply-add counts as one operation.</li>
    </ul>
  </section>`;
}

export function reproduceSection(data: ReportData): Markup {
  const { createdWith, reproduce, config } = data;
  return html`<section>
    <h2>How to get this again</h2>
    ${reproduce.length === 0 ? undefined : html`<pre><code>${reproduce.join("\n")}</code></pre>`}
    <p>The same seed, versions, device and thread count repeat the run. Other devices round differently.</p>
    ${factList("facts", [
      ["smash", createdWith.smash],
      ["Node.js", createdWith.node],
      ["libtorch", createdWith.libtorch],
      ["Device", createdWith.device],
      ["Threads", createdWith.threads],
      ["Precision", createdWith.precision],
      ["Seed", data.seed],
    ])}
    <details>
      <summary>Resolved configuration</summary>
      <pre><code>${JSON.stringify(config, null, 2)}</code></pre>
    </details>
  </section>`;
}
