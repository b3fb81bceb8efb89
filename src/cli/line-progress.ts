/** Progress for logs and pipes: a line every few seconds and one at the end of a stage. */

import type { Progress, ProgressOptions } from "./progress.js";
import { Stage } from "./stage.js";

const intervalMs = 5_000;

export class LineProgress implements Progress {
  readonly #options: Omit<ProgressOptions, "quiet">;
  #stage: Stage | undefined;
  #lastLineAt = 0;

  constructor(options: Omit<ProgressOptions, "quiet">) {
    this.#options = options;
  }

  start(label: string, total: number): void {
    this.stop();
    const time = this.#options.now();
    this.#stage = new Stage(label, total, time);
    this.#lastLineAt = time;
  }

  update(done: number, note?: string): void {
    const stage = this.#stage;
    if (stage === undefined) return;
    const time = this.#options.now();
    stage.update(done, note, time);
    if (time - this.#lastLineAt < intervalMs) return;
    this.#lastLineAt = time;
    this.log(`${stage.label}: ${stage.describe().join(", ")}`);
  }

  stop(): void {
    if (this.#stage === undefined) return;
    this.log(this.#stage.summarize(this.#options.now()));
    this.#stage = undefined;
  }

  log(line: string): void {
    this.#options.stream.write(`${line}\n`);
  }
}
