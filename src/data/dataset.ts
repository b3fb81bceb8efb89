/** A labelled set of images of one size, held as bytes in memory. */

export interface ImageSet {
  /** Pixels as bytes 0 … 255, [count, channels, height, width] contiguous. */
  readonly images: Uint8Array;
  /** Class indices, [count]. */
  readonly labels: Uint8Array;
  readonly count: number;
}

export interface Dataset {
  readonly name: string;
  readonly classes: readonly string[];
  readonly channels: number;
  /** Height = width, pixels. */
  readonly size: number;
  readonly train: ImageSet;
  readonly test: ImageSet;
}
