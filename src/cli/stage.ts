/** A stage of long work and its numbers in words; the terminal and the lines show the same ones. */

import { formatCount, formatDuration, formatInteger } from "../report/index.js";
import { RateMeter } from "./rate-meter.js";

/** Up to here counts are shown to the last digit; beyond they are bytes, usually. */
const largestExact = 1_000_000;

export class Stage {
  readonly label: string;
  readonly total: number;
  readonly #startedAt: number;
  readonly #meter = new RateMeter();
  #done = 0;
  #note: string | undefined;

  constructor(label: string, total: number, startedAt: number) {
    this.label = label;
    this.total = total;
    this.#startedAt = startedAt;
  }

  update(done: number, note: string | undefined, time: number): void {
    this.#done = done;
    this.#note = note ?? this.#note;
    this.#meter.add(done, time);
  }

  /** 0 … 1; undefined when the total is not known. */
  get fraction(): number | undefined {
    if (!Number.isFinite(this.total)) return undefined;
    return this.total > 0 ? Math.min(Math.max(this.#done / this.total, 0), 1) : 1;
  }

  /** "812/8,000", "3.10/s", "38 min 39 s left", "loss 1.23": those that are known. */
  describe(): string[] {
    const rate = this.#meter.rate();
    const parts = [this.#amounts()];
    if (rate !== undefined && rate > 0) {
      parts.push(formatRate(rate));
      const left = (this.total - this.#done) / rate;
      if (Number.isFinite(left) && left > 0) parts.push(`${formatDuration(left)} left`);
    }
    return this.#note === undefined ? parts : [...parts, this.#note];
  }

  /** For the end: "cifar10: 170M/170M in 12 s". */
  summarize(time: number): string {
    const duration = formatDuration((time - this.#startedAt) / 1000);
    const note = this.#note === undefined ? "" : `, ${this.#note}`;
    return `${this.label}: ${this.#amounts()} in ${duration}${note}`;
  }

  #amounts(): string {
    const exact = !Number.isFinite(this.total) ? this.#done <= largestExact : this.total <= largestExact;
    const format = exact ? formatInteger : formatCount;
    return Number.isFinite(this.total) ? `${format(this.#done)}/${format(this.total)}` : format(this.#done);
  }
}

/** Slow steps as a duration each: 0.02/s says less than 50 s each. */
function formatRate(perSecond: number): string {
  return perSecond < 1 ? `${formatDuration(1 / perSecond)} each` : `${formatCount(perSecond)}/s`;
}
