/** The most probable classes as rows with bars. */

import type { Answer } from "./network.js";

const shown = 5;

export function showAnswer(
  { probabilities, milliseconds }: Answer,
  {
    list,
    time,
    classes,
  }: { readonly list: HTMLElement; readonly time: HTMLElement; readonly classes: readonly string[] },
): void {
  const ranked = probabilities
    .map((probability, index) => ({ name: classes[index], probability }))
    .sort((a, b) => b.probability - a.probability)
    .slice(0, shown);
  list.replaceChildren(...ranked.map(({ name, probability }) => row(name, probability)));
  time.textContent = `answered in ${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}

function row(name: string, probability: number): HTMLElement {
  const item = document.createElement("li");
  const label = element("span", "name", name);
  const value = element("span", "value", formatProbability(probability));
  const bar = element("span", "bar", "");
  bar.style.setProperty("--fraction", String(probability));
  item.append(label, value, bar);
  return item;
}

function element(tag: string, className: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function formatProbability(probability: number): string {
  if (probability > 0 && probability < 0.001) return "< 0.1 %";
  return `${(100 * probability).toFixed(1)} %`;
}
