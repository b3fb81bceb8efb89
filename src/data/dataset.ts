/**
 * A labelled set of images of one size, held as bytes; normalised only when a batch is filled.
 *
 * Images are asked for one by one, so that a set may lie in memory, in a mapped file, or be a choice out of another set.
 */

export interface ImageSet {
  readonly count: number;
  /** Bytes of one image: channels x size x size. */
  readonly imageBytes: number;
  /** Class indices, below the number of classes. */
  readonly labels: Uint16Array; // [count]
  /** Pixels 0 … 255 of one image, 0 … count - 1: a view, to be read and not written. */
  readonly image: (index: number) => Uint8Array; // [channels, size, size]
}

/** What is known of a data set without its images; costs next to nothing to learn and to send to another thread. */
export interface DatasetInfo {
  /** The name it is known by: `cifar10`, `folder:/home/me/photos`, … */
  readonly name: string;
  /** Names of the classes; a label is a position in this list. */
  readonly classes: readonly string[];
  readonly channels: number;
  /** Height = width, pixels. */
  readonly size: number;
  readonly train: { readonly count: number };
  readonly test: { readonly count: number };
  /** Of an own folder, whose images no published sums vouch for. */
  readonly folder?: {
    /** Of pixels, labels and parts, in hexadecimal: the same for the same images, whatever the time of their files. */
    readonly md5: string;
    /** Images left out: unreadable, shown by another one too, in the test images too; whole folders beside train and test. */
    readonly leftOut: {
      readonly unreadable: number;
      readonly duplicates: number;
      readonly inBoth: number;
      readonly folders: readonly string[];
    };
  };
}

/** A data set with its images. */
export interface Dataset extends DatasetInfo {
  readonly train: ImageSet;
  readonly test: ImageSet;
}
