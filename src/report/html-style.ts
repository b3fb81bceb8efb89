/**
 * The report's style sheet: one column of text, figures two abreast where there is room, print without backgrounds,
 * dark when the reader's system is. Nothing is fetched.
 */

import { colors, darkColors } from "./figure-theme.js";

/** Figures are drawn once, in light colours; on a dark page each colour is exchanged for its partner. */
const darkFigures = (Object.keys(colors) as (keyof typeof colors)[])
  .flatMap((name) =>
    ["fill", "stroke"].map(
      (property) => `figure.plot svg [${property}="${colors[name]}"] { ${property}: ${darkColors[name]}; }`,
    ),
  )
  .join("\n  ");

export const styleSheet = `
:root {
  color-scheme: light dark;
  --page: #ffffff; --ink: #1f2933; --muted: #5b6774; --line: #dfe4e9; --panel: #f6f8fa; --accent: #0072b2;
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
main { max-width: 1040px; margin: 0 auto; padding: 40px 24px 72px; }
h1, h2, h3 { line-height: 1.2; text-wrap: balance; }
h1, p { overflow-wrap: anywhere; }
h1 { margin: 10px 0 14px; font-size: clamp(30px, 5.4vw, 50px); font-weight: 700; letter-spacing: -0.02em; }
h2 { margin: 64px 0 12px; padding-top: 20px; border-top: 1px solid var(--line); font-size: 24px; letter-spacing: -0.01em; }
h3 { margin: 36px 0 8px; font-size: 17px; }
p, ul { max-width: 70ch; margin: 0 0 14px; }
ul { padding-left: 1.2em; }
li { margin-bottom: 6px; }
a { color: var(--accent); }
code, pre { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; font-size: 0.875em; }
code { overflow-wrap: anywhere; }
pre {
  margin: 0 0 14px; padding: 14px 16px; border-radius: 6px; background: var(--panel);
  white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.5;
}
.overline { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 12px; margin: 0; color: var(--muted); font-size: 14px; }
.status { padding: 2px 10px; border: 1px solid currentColor; border-radius: 999px; color: var(--accent); font-size: 13px; font-weight: 600; }
.lead { max-width: 62ch; font-size: clamp(17px, 2.2vw, 20px); line-height: 1.5; }
.key-figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(136px, 1fr)); gap: 0 28px; margin: 32px 0 0; }
.key-figures > div { max-width: 260px; padding: 12px 0 14px; border-top: 2px solid var(--ink); }
.key-figures dt { color: var(--muted); font-size: 14px; line-height: 1.35; }
.key-figures dd { margin: 2px 0 0; font-size: 25px; font-weight: 650; letter-spacing: -0.01em; white-space: nowrap; }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 400px), 1fr)); gap: 0 44px; margin: 18px 0 0; }
.facts > div { display: flex; justify-content: space-between; gap: 20px; padding: 7px 0; border-bottom: 1px solid var(--line); }
.facts dt { flex: none; color: var(--muted); }
.facts dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 34px 44px; margin: 26px 0 10px; }
figure { margin: 0; break-inside: avoid; }
figure.plot svg { display: block; width: 100%; height: auto; }
figcaption { margin-top: 8px; color: var(--muted); font-size: 14.5px; line-height: 1.5; }
figcaption strong { color: var(--ink); font-weight: 650; }
@media (min-width: 820px) {
  .plots.single { grid-template-columns: 1fr; }
  .plots.single figure { display: grid; grid-template-columns: 500px 1fr; align-items: center; gap: 36px; }
}
.scroll { overflow-x: auto; }
.drawing { margin: 22px 0 10px; }
.drawing .scroll { border: 1px solid var(--line); border-radius: 6px; background: #ffffff; padding: 12px; }
.drawing svg { display: block; max-width: none; height: auto; margin: 0 auto; }
.tables { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 0 44px; }
.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)); gap: 22px 20px; margin: 18px 0 0; }
.mistakes img { display: block; width: 112px; height: 112px; border-radius: 4px; background: var(--panel); }
.mistakes figcaption { font-size: 13.5px; line-height: 1.4; overflow-wrap: anywhere; }
.drawing.fitted svg { max-width: 100%; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 8px 0 8px 18px; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap; }
thead th { border-bottom: 2px solid var(--ink); color: var(--muted); font-size: 14px; font-weight: 500; vertical-align: bottom; white-space: normal; }
th:first-child, td:first-child { width: 3.5em; padding-left: 0; text-align: left; }
.words .name { width: auto; min-width: 6.5em; text-align: left; white-space: normal; overflow-wrap: break-word; }
tbody th { font-weight: 400; }
tr.best > * { font-weight: 650; }
pre code { font-size: inherit; }
details { margin: 14px 0; }
summary { cursor: pointer; color: var(--accent); }
details pre { margin-top: 12px; }
@media (max-width: 560px) {
  main { padding: 24px 16px 48px; }
  h2 { margin-top: 48px; }
  table { font-size: 13px; }
  th, td { padding-left: 6px; }
  thead th { font-size: 11.5px; line-height: 1.3; }
  th:first-child, td:first-child { width: auto; }
  .key-figures { grid-template-columns: 1fr 1fr; gap: 0 20px; }
  .mistakes { grid-template-columns: repeat(3, 1fr); gap: 16px 12px; }
  .mistakes img { width: 100%; height: auto; aspect-ratio: 1; }
}
@media screen and (prefers-color-scheme: dark) {
  :root { --page: #14181d; --ink: #e6e9ed; --muted: #a3adb8; --line: #333b44; --panel: #1d232a; --accent: #4aa8e0; }
  ${darkFigures}
}
@media print {
  body { font-size: 10.5pt; }
  main { max-width: none; padding: 0; }
  h2, h3, h2 + p, h3 + p { break-after: avoid; break-inside: avoid; }
  h2 { margin-top: 28pt; }
  .plots:not(.single) { grid-template-columns: 1fr 1fr; gap: 16pt 20pt; }
  .plots.single figure { display: grid; grid-template-columns: 270pt 1fr; align-items: center; gap: 20pt; }
  .facts { grid-template-columns: 1fr 1fr; gap: 0 20pt; }
  .key-figures { grid-template-columns: repeat(auto-fit, minmax(90px, 1fr)); gap: 0 12pt; }
  .key-figures dd { font-size: 15pt; }
  figcaption { font-size: 9pt; }
  pre, tr, .key-figures > div { break-inside: avoid; }
  .scroll { overflow: visible; }
  .drawing svg { max-width: 100%; max-height: 225mm; }
  .mistakes { grid-template-columns: repeat(6, 1fr); gap: 10pt; }
  .mistakes img { width: 62pt; height: 62pt; }
}
`;
