/** The contract of a published data set: where its files lie, how they are fetched, how they are read. */

import type { DatasetInfo } from "./dataset.js";
import type { Part } from "./pack-format.js";

/** What happens while a data set is fetched. */
export type FetchEvent =
  /** A source is tried now: an address, a package, a folder. */
  | { readonly kind: "source"; readonly dataset: string; readonly from: string }
  /** It could not be used; the next one is tried if there is one. */
  | {
      readonly kind: "source-failed";
      readonly dataset: string;
      readonly from: string;
      readonly reason: string;
    }
  | {
      readonly kind: "progress";
      readonly dataset: string;
      readonly step: "download" | "convert";
      readonly unit: "bytes" | "files" | "images";
      readonly done: number;
      /** Undefined when the server does not say. */
      readonly total: number | undefined;
    };

export interface FetchOptions {
  /** Told how a download or a preparation goes. */
  readonly onProgress?: ((event: FetchEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Some images of a data set, in the order in which they count. */
export interface ImageChunk {
  readonly part: Exclude<Part, "left-out">;
  readonly pixels: Uint8Array; // [n, channels, size, size]
  readonly labels: ArrayLike<number>; // [n]
}

/** The information is the published one: it is known without any file. */
export interface DatasetSource extends DatasetInfo {
  /** Paths of all its files; undefined when one is missing. Says nothing about their content. */
  locate(dataDir: string): Promise<readonly string[] | undefined>;
  /** Brings missing or altered files into `dataDir`, verified; nothing happens to good ones. */
  fetch(dataDir: string, options: FetchOptions): Promise<void>;
  /** Verifies the files and reads all images. Throws `data` when a file is missing, truncated or altered. */
  read(dataDir: string): AsyncIterable<ImageChunk>;
}
