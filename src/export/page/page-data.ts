/** What the program writes into the page for its scripts, as JSON. */

export interface PageData {
  readonly classes: readonly string[];
  readonly channels: number;
  /** Height = width, pixels. */
  readonly size: number;
  /** Name of the data set. */
  readonly dataset: string;
  /** Class of each image in `samples.png`, which holds them side by side. */
  readonly samples: readonly number[];
}
