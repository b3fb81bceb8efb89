/** The contract of a known data set: where it lies, how it is fetched, how it is loaded. */

import type { Dataset } from "./dataset.js";

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
      readonly unit: "bytes" | "files";
      readonly done: number;
      /** Undefined when the server does not say. */
      readonly total: number | undefined;
    };

export interface FetchOptions {
  readonly onProgress?: ((event: FetchEvent) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DatasetSource {
  readonly name: string;
  readonly classes: readonly string[];
  /** Training and test images together. */
  readonly images: number;
  /** Whether all its files are there; says nothing about their content. */
  isPresent(dataDir: string): Promise<boolean>;
  /** Brings missing or altered files into `dataDir`, verified; nothing happens to good ones. */
  fetch(dataDir: string, options: FetchOptions): Promise<void>;
  /** Verifies the files and reads them. Throws `data` when one is missing, truncated or altered. */
  load(dataDir: string): Promise<Dataset>;
}
