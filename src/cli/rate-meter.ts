/**
 * How fast work goes now: the mean over the last 20 seconds, because the first minute of a run says little about its
 * last one (warm-up, larger networks, another program on the machine).
 */

const windowMs = 20_000;

/** Updates closer together than this share one sample, so that fast work does not fill the memory. */
const sampleMs = 100;

interface Sample {
  readonly time: number;
  readonly done: number;
}

export class RateMeter {
  #samples: Sample[] = [];

  /** The first one is the origin: what a resumed run had done before was not done at this speed. */
  add(done: number, time: number): void {
    const newest = this.#samples.at(-1);
    if (newest !== undefined && done < newest.done) this.#samples = [];
    const before = this.#samples.at(-2);
    if (before !== undefined && newest !== undefined && newest.time - before.time < sampleMs) {
      this.#samples.pop();
    }
    this.#samples.push({ time, done });
    // One sample at or before the window's beginning stays, so that steps longer than the window have a rate too.
    while (this.#samples.length > 2 && this.#samples[1].time <= time - windowMs) this.#samples.shift();
  }

  /** Per second; undefined before two samples. */
  rate(): number | undefined {
    const oldest = this.#samples.at(0);
    const newest = this.#samples.at(-1);
    if (oldest === undefined || newest === undefined || newest.time <= oldest.time) return undefined;
    return ((newest.done - oldest.done) / (newest.time - oldest.time)) * 1000;
  }
}
