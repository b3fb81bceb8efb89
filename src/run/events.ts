/** Everything a run tells; the command line, the event log and later a page read the same events. */

import type { Architecture } from "../arch/index.js";
import type { FineTunedEvent, TrialEvent } from "../rank/index.js";
import type { Limits, SearchCounts, Trial } from "../search/index.js";
import type { HyperNetEvent, NetworkEvent } from "../train/index.js";
import type { ThreadContext } from "./thread.js";
import type { TrainResult } from "./train-job.js";

/** The long parts of a run. */
export type Phase = "hypernet" | "surrogate" | "ranking" | "fine-tuning" | "finalists" | "network";

/** A network's training begins or goes on: its parts in one log, and the command for it, are known by this. */
export interface TrainEvent {
  readonly type: "train";
  readonly checkpoint: string;
  /** Name of the data set. */
  readonly dataset: string;
  readonly architecture: Architecture;
  /** See `trainingRecipe`. */
  readonly recipe: Readonly<Record<string, unknown>>;
}

/** A run is asked to rank more: what its trials alone do not tell. */
export interface RankEvent {
  readonly type: "rank";
  /** Trials of the run before. */
  readonly done: number;
  readonly more: SearchCounts;
  /** Beside the run's. */
  readonly limits: Limits;
  /** How many of the best are fine-tuned. */
  readonly fineTune: number;
  /** How many of the best are trained briefly in the end; logs of older versions are without it. */
  readonly finalists?: number;
}

/** A step of a training that a surrogate learns from; `step` counts over all of them. */
export interface SurrogateStepEvent {
  readonly type: "surrogate-step";
  readonly step: number;
}

/** A surrogate has another network to learn from, after this step. */
export interface SurrogateNetworkEvent {
  readonly type: "surrogate-network";
  readonly step: number;
  /** Of the reduced network on held-out images; NaN where its training diverged. */
  readonly error: number;
}

/** A step of a finalist's training; `step` counts over all finalists. */
export interface FinalistStepEvent {
  readonly type: "finalist-step";
  readonly step: number;
}

/** A finalist has been trained, up to this step. */
export interface FinalistEvent {
  readonly type: "finalist";
  readonly step: number;
  readonly trial: Trial;
}

/** What a job tells while it runs; `type` tells which. */
export type RunEvent =
  | TrainEvent
  | RankEvent
  | HyperNetEvent
  | NetworkEvent
  | TrialEvent
  | FineTunedEvent
  | SurrogateStepEvent
  | SurrogateNetworkEvent
  | FinalistStepEvent
  | FinalistEvent
  /** A phase begins, or goes on after `done` of `total` steps or trials. */
  | { readonly type: "phase"; readonly phase: Phase; readonly done: number; readonly total: number }
  /** A phase is over; seconds of this sitting. */
  | { readonly type: "phase-done"; readonly phase: Phase; readonly seconds: number };

/** What a run's log holds of every event; logs of older versions are without some of it. */
interface LogEntry {
  /** Milliseconds since 1970. */
  readonly at?: number;
  /** The process: several may work on a run, each on a training of its own. */
  readonly pid?: number;
}

/** An event as a run's log holds it. */
export type LoggedEvent = RunEvent & LogEntry;

/** After the test of a network; whoever ran its training writes it. */
export type TrainedEvent = { readonly type: "trained" } & TrainResult & LogEntry;

/** What a job needs from whoever runs it. */
export type JobContext = ThreadContext<RunEvent>;
