/** The page's style sheet: two panels where there is room, one column on a phone; dark when the reader's system is. */

export const pageStyle = `
:root {
  color-scheme: light dark;
  --page: #f6f8fa; --panel: #ffffff; --ink: #1f2933; --muted: #5b6774; --line: #dfe4e9; --track: #e9edf1;
  --accent: #0072b2; --on-accent: #ffffff;
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  max-width: 960px; margin: 0 auto; padding: 40px 24px 48px; background: var(--page); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
}
h1, h2 { line-height: 1.2; text-wrap: balance; }
h1 { margin: 0 0 8px; font-size: clamp(26px, 4.6vw, 40px); font-weight: 700; letter-spacing: -0.02em; }
h2 { margin: 0; font-size: 16px; font-weight: 650; }
header p { max-width: 60ch; margin: 0; color: var(--muted); }
code { font: 0.875em ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
.quiet { color: var(--muted); font-size: 14px; }
.notice { margin: 24px 0 0; padding: 14px 18px; border: 1px solid var(--accent); border-radius: 8px; background: var(--panel); }
.visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
main { display: grid; gap: 20px; margin: 28px 0 0; }
main > section { min-width: 0; padding: 20px; border: 1px solid var(--line); border-radius: 12px; background: var(--panel); }
.zone {
  position: relative; display: grid; place-items: center; aspect-ratio: 1; overflow: hidden;
  border: 2px dashed var(--line); border-radius: 8px; background: var(--page);
}
.zone.is-over { border-color: var(--accent); background: var(--track); }
.zone canvas { display: none; width: 100%; height: 100%; image-rendering: pixelated; }
.has-picture .zone { border-style: solid; }
.has-picture .zone canvas { display: block; }
.has-picture .hint { display: none; }
.zone.is-over canvas { opacity: 0.35; }
.hint { margin: 0; color: var(--muted); }
.badge {
  position: absolute; left: 10px; bottom: 10px; margin: 0; padding: 3px 11px; border-radius: 999px;
  background: rgb(18 23 28 / 0.82); color: #ffffff; font-size: 14px;
}
.badge:empty { display: none; }
.choose { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 14px; margin-top: 16px; }
.button {
  padding: 8px 16px; border-radius: 8px; background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer;
}
.button:hover { filter: brightness(1.1); }
input:focus-visible + .button, button:focus-visible, summary:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
.heading { display: flex; justify-content: space-between; align-items: baseline; gap: 16px; }
.heading .quiet { font-variant-numeric: tabular-nums; }
.answer { display: flex; flex-direction: column; }
#classes { display: flex; flex: 1; flex-direction: column; justify-content: space-evenly; min-height: 17em; margin: 10px 0 0; padding: 0; list-style: none; }
#classes li { display: grid; grid-template-columns: 1fr auto; gap: 4px 16px; color: var(--muted); }
#classes li:first-child { color: var(--ink); font-size: 20px; font-weight: 650; }
.value { font-variant-numeric: tabular-nums; }
.bar { grid-column: 1 / -1; height: 8px; overflow: hidden; border-radius: 4px; background: var(--track); }
.bar::before {
  content: ""; display: block; width: calc(100% * var(--fraction)); height: 100%; border-radius: 4px;
  background: var(--muted); transition: width 0.25s ease-out;
}
#classes li:first-child .bar { height: 12px; border-radius: 6px; }
#classes li:first-child .bar::before { border-radius: 6px; background: var(--accent); }
main[hidden] { display: none; }
#status { margin: 0; color: var(--muted); }
#status:empty { display: none; }
#samples { display: grid; grid-template-columns: repeat(auto-fill, minmax(56px, 1fr)); gap: 10px; margin: 14px 0 0; padding: 0; list-style: none; }
#samples button {
  display: block; width: 100%; aspect-ratio: 1; padding: 0; border: 0; border-radius: 8px; cursor: pointer;
  background: url(samples.png) no-repeat; background-size: calc(100% * var(--count)) 100%; image-rendering: pixelated;
}
#samples button:hover { filter: brightness(1.1); }
#samples button[aria-pressed="true"] { outline: 3px solid var(--accent); outline-offset: 2px; }
#samples button[aria-pressed="true"]:focus-visible { outline-style: double; outline-width: 5px; }
footer { margin: 24px 0 0; color: var(--muted); font-size: 14px; }
footer p { margin: 0 0 6px; }
summary { width: fit-content; cursor: pointer; border-radius: 4px; }
@media (min-width: 720px) {
  main { grid-template-columns: minmax(0, 5fr) minmax(0, 6fr); }
  .strip { grid-column: 1 / -1; }
  #samples { grid-template-columns: repeat(12, minmax(0, 1fr)); gap: 14px; }
}
@media (max-width: 480px) {
  body { padding: 24px 16px 32px; }
  main > section { padding: 16px; }
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12171c; --panel: #1a2128; --ink: #e6ebf0; --muted: #9aa7b3; --line: #2c3640; --track: #2a333c;
    --accent: #56b4e9; --on-accent: #0c1116;
  }
}
@media (prefers-reduced-motion: reduce) { .bar::before { transition: none; } }
`;
