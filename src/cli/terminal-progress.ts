/**
 * Progress for people who watch: one bar that is redrawn, and a summary line in its place at the end.
 *
 * cli-progress draws (throttling, cursor, clearing); what is drawn and every number is ours.
 */

import { SingleBar } from "cli-progress";
import type { Progress, ProgressOptions } from "./progress.js";
import { Stage } from "./stage.js";

const longestBar = 30;
const shortestBar = 8;
/** Longer ones hold a path. */
const shortestLabel = 24;

export class TerminalProgress implements Progress {
  readonly #options: Omit<ProgressOptions, "quiet">;
  readonly #bar: SingleBar;
  #stage: Stage | undefined;

  constructor(options: Omit<ProgressOptions, "quiet">) {
    this.#options = options;
    this.#bar = new SingleBar({
      stream: options.stream,
      format: () => this.#draw(),
      hideCursor: true,
      // The bar gives way to a log line or the summary.
      clearOnComplete: true,
      // Signals are run-command's.
      gracefulExit: false,
    });
  }

  start(label: string, total: number): void {
    this.stop();
    this.#stage = new Stage(label, total, this.#options.now());
    this.#bar.start(total, 0);
  }

  update(done: number, note?: string): void {
    if (this.#stage === undefined) return;
    this.#stage.update(done, note, this.#options.now());
    this.#bar.update(done);
  }

  stop(): void {
    if (this.#stage === undefined) return;
    const summary = this.#stage.summarize(this.#options.now());
    this.#bar.stop();
    this.#stage = undefined;
    this.log(summary);
  }

  log(line: string): void {
    this.#bar.stop();
    this.#options.stream.write(`${line}\n`);
    if (this.#stage !== undefined) this.#bar.start(this.#stage.total, 0);
  }

  /** As wide as the terminal at most: the bar shrinks first, then the label's beginning is cut, then the end. */
  #draw(): string {
    if (this.#stage === undefined) return "";
    const { columns = 80 } = this.#options.stream;
    const { fraction } = this.#stage;
    const facts = this.#stage.describe();
    const others = shortestBar + 5 + facts.join("  ").length + 4;
    const label = cutStart(this.#stage.label, Math.max(columns - 1 - others, shortestLabel));
    if (fraction === undefined) return [label, ...facts].join("  ").slice(0, columns - 1);
    const percent = `${Math.floor(100 * fraction)} %`.padStart(5);
    const rest = [label, percent, ...facts].join("  ").length + 2;
    const width = Math.min(Math.max(columns - 1 - rest, shortestBar), longestBar);
    const full = Math.round(fraction * width);
    const bar = "█".repeat(full) + "░".repeat(width - full);
    return [label, bar + percent, ...facts].join("  ").slice(0, columns - 1);
  }
}

/** Of a path, which makes a label long, the end says most. */
function cutStart(text: string, most: number): string {
  return text.length > most ? `…${text.slice(1 - most)}` : text;
}
