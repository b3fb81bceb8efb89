/** Measures architectures one after the other, and keeps what is measured. */

import type { Architecture } from "../arch/index.js";
import { interrupted } from "../run/index.js";
import type { StudyContext } from "./events.js";
import type { StudyFolder } from "./study-folder.js";

type Values = Readonly<Record<string, number>>;

/** Numbers about one architecture that are measured together. */
export interface Measure {
  /** For the progress display. */
  readonly label: string;
  readonly names: readonly string[];
  /**
   * One number for each name, and more before these where there is more to keep; `progress` tells how much of it is
   * done, 0 … 1.
   */
  readonly run: (
    architecture: Architecture,
    item: number,
    progress: (fraction: number) => void,
  ) => Values | Promise<Values>;
}

/** Every measure of every architecture; measures that are on disk are not made again. */
export class MeasurementTable {
  readonly #folder: StudyFolder;
  readonly #values = new Map<string, number>();

  private constructor(folder: StudyFolder) {
    this.#folder = folder;
  }

  static async open(folder: StudyFolder): Promise<MeasurementTable> {
    const table = new MeasurementTable(folder);
    for (const { item, measure, value } of await folder.readMeasurements()) {
      table.#values.set(`${item} ${measure}`, value);
    }
    return table;
  }

  has(item: number, measure: string): boolean {
    return this.#values.has(`${item} ${measure}`);
  }

  add(item: number, measure: string, value: number): void {
    this.#folder.append({ item, measure, value });
    this.#values.set(`${item} ${measure}`, value);
  }

  /** The values of items 0 … count - 1; NaN for what was not measured or not finite. */
  column(measure: string, count: number): number[] {
    return Array.from({ length: count }, (_, item) => this.#values.get(`${item} ${measure}`) ?? NaN);
  }

  /** Throws `SmashError("interrupted")` on request; everything measured until then is on disk. */
  async measure(
    architectures: readonly Architecture[],
    measure: Measure,
    context: StudyContext,
  ): Promise<void> {
    const isDone = (item: number) => measure.names.every((name) => this.has(item, name));
    const left = [...architectures.keys()].filter((item) => !isDone(item));
    let done = architectures.length - left.length;
    if (left.length === 0) return;
    context.emit({ type: "study-part", label: measure.label, done, total: architectures.length });
    for (const item of left) {
      if (context.shouldStop()) {
        throw interrupted(`after ${done} of ${architectures.length} architectures (${measure.label})`);
      }
      const progress = (fraction: number) => context.emit({ type: "study-progress", done: done + fraction });
      const values = await measure.run(architectures[item], item, progress);
      for (const [name, value] of Object.entries(values)) this.add(item, name, value);
      context.emit({ type: "study-progress", done: ++done });
    }
  }
}
