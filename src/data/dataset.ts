/** A labelled set of images of one size, held as bytes in memory; normalised only when a batch is filled. */

export interface ImageSet {
  /** Pixels as bytes 0 … 255, contiguous. */
  readonly images: Uint8Array; // [count, channels, size, size]
  /** Class indices, below the number of classes. */
  readonly labels: Uint8Array; // [count]
  readonly count: number;
}

export interface Dataset {
  /** The name it is known by: `cifar10`, … */
  readonly name: string;
  /** Names of the classes; a label is a position in this list. */
  readonly classes: readonly string[];
  readonly channels: number;
  /** Height = width, pixels. */
  readonly size: number;
  readonly train: ImageSet;
  readonly test: ImageSet;
}
