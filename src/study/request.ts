/** What is asked of a study: everything its numbers depend on, saved with it. */

import type { RunConfig } from "../config/index.js";
import type { ProxyName } from "../rank/index.js";
import type { TableRow } from "./table-file.js";

/** All studies. */
export const studyNames = [
  "nas-bench-201",
  "correlation",
  "capacity",
  "crippled",
  "seeds",
  "corrupt",
  "gradient",
  "free-weights",
  "transfer",
] as const;
/** The experiments by name. */
export type StudyName = (typeof studyNames)[number];

/** Which study, and how large. */
export interface StudyRequest {
  readonly study: StudyName;
  /** Of the HyperNet, of scoring, and of normal training. */
  readonly config: RunConfig;
  /** A run whose trained HyperNet is used; without it the study trains its own. */
  readonly run?: string | undefined;
  /** Whether networks are fine-tuned before they are scored. Default: they keep their generated weights. */
  readonly fineTuned?: boolean | undefined;
  /** Known true errors; without it architectures are sampled and trained. */
  readonly table?: readonly TableRow[] | undefined;
  /** Errors of the sampled architectures that an earlier study has trained, by training seed; then none is trained here. */
  readonly trained?: readonly (readonly number[])[] | undefined;
  /** Architectures, where there is no table. */
  readonly samples: number;
  /** Seeds: of normal training (a true error is the mean over them), or of HyperNets in "seeds". */
  readonly seeds: number;
  /** Data set on which networks are trained, where it is another one than the HyperNet's ("transfer"). */
  readonly transferTo?: string | undefined;
  /** Moves from each architecture, in a row ("gradient"). */
  readonly moves?: number | undefined;
  /** Perturbations among which a move is chosen ("gradient"). */
  readonly candidates?: number | undefined;
  /** Baselines to compare with. */
  readonly proxies: readonly ProxyName[];
}

/** A request, where it is worked on, and by which program. */
export interface StudyJob {
  readonly request: StudyRequest;
  /** The study's folder. */
  readonly out: string;
  readonly versions: { readonly smash: string; readonly node: string; readonly libtorch: string };
  readonly dataDir: string;
  readonly threads: number;
}
