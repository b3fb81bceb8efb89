/**
 * What a report is made from: one run as plain data. Errors are fractions, times are seconds.
 *
 * Whoever reads the store or the events fills this in; nothing in this folder touches a disk or a clock. A run may be
 * unfinished: curves and trials may be empty, `trained` missing.
 */

import type { Architecture } from "../arch/index.js";
import type { Limits, RankedBy, Trial } from "../search/index.js";

/** How far the run is; done is one with a trained network. */
export type RunStatus = "training-hypernet" | "ranking" | "ranked" | "training-network" | "done";

/** One measurement of the HyperNet; training values come from a single mini-batch each. */
export interface StepPoint {
  readonly step: number;
  readonly loss: number;
  readonly error: number;
}

/** One epoch of ordinary training. */
export interface EpochPoint {
  readonly epoch: number;
  readonly trainLoss: number;
  readonly trainError: number;
  readonly validationLoss: number;
  readonly validationError: number;
}

/** The network that was trained last, from scratch: the winner, unless another rank was asked for. */
export interface TrainedNetwork {
  /** Name of the data set that it was trained and tested on; it need not be the run's. */
  readonly dataset: string;
  readonly architecture: Architecture;
  readonly parameters: number;
  /** Multiply-adds for one image. */
  readonly flops: number;
  readonly epochs: number;
  readonly validationError: number;
  readonly testError: number;
  readonly testTop5Error: number;
  readonly checkpoint: string;
  readonly curve: readonly EpochPoint[];
  readonly seconds: number;
}

/** A test image that the trained network is wrong about. */
export interface MistakeImage {
  /** Position among the test images, from 0. */
  readonly index: number;
  /** Classes. */
  readonly truth: number;
  readonly prediction: number;
  /** What the network gives the two classes, 0 … 1. */
  readonly probability: number;
  readonly truthProbability: number;
  /** The image, base64. */
  readonly png: string;
}

/** What the trained network's test found beyond its error. Only shown: it decides nothing. */
export interface TestDetails {
  /** The trained network's file, as it was named when it was tested. */
  readonly checkpoint: string;
  readonly testError: number;
  /** Name of the data set. */
  readonly dataset: string;
  readonly classes: readonly string[];
  /** Images by true class (row) and predicted class (column). */
  readonly confusion: readonly (readonly number[])[];
  /** Surest first. */
  readonly mistakes: readonly MistakeImage[];
}

/** One run as a report needs it. */
export interface ReportData {
  readonly run: string;
  readonly preset: string;
  readonly dataset: {
    readonly name: string;
    readonly classes: readonly string[];
    /** Undefined, as `testImages`, where the data set is not there: the run may have come from another machine. */
    readonly trainImages: number | undefined;
    /** Held out of training. */
    readonly validationImages: number;
    /** Of those, the ones every architecture was scored on. */
    readonly scoringImages: number;
    readonly testImages: number | undefined;
  };
  readonly seed: number;
  readonly createdWith: {
    readonly smash: string;
    readonly node: string;
    readonly libtorch: string;
    readonly threads: number;
    readonly device: string;
    readonly precision: string;
  };
  /** The resolved configuration, shown as JSON. */
  readonly config: unknown;
  readonly hypernet: {
    /** That have been trained, … */
    readonly steps: number;
    /** … and that are to be. */
    readonly plannedSteps: number;
    readonly parameters: number;
    /** The weights beside it that all architectures share. */
    readonly freeParameters: number;
    /** Raw training measurements; smoothed here for display. */
    readonly curve: readonly StepPoint[];
    readonly validation: readonly StepPoint[];
    readonly seconds: number;
  };
  /** The search space. */
  readonly space: Architecture["space"];
  readonly trials: readonly Trial[];
  readonly rankedBy: RankedBy;
  /** What every trial keeps to. */
  readonly limits?: Limits;
  /** Which BatchNorm statistics the scores were measured with. */
  readonly batchNorm: "recalibrated" | "batch" | "running";
  /** How the best were fine-tuned, where they were. */
  readonly fineTuning: { readonly steps: number; readonly rate: number };
  /** Where a surrogate ranks: what it learned from, and what it says of each of these when it does not know it. */
  readonly surrogate?:
    | {
        readonly seconds: number;
        /** Errors of reduced networks, fractions. */
        readonly checks: readonly { readonly error: number; readonly predicted: number }[];
      }
    | undefined;
  /** How long all finalists' trainings took. */
  readonly finalistSeconds: number;
  /** Whether the search has scored all it was asked for: before, its best is only the leader so far. */
  readonly isRanked: boolean;
  readonly trained?: TrainedNetwork | undefined;
  /** What is in training, before any network of the run is trained. Logs of older versions do not tell. */
  readonly inTraining?: Architecture | undefined;
  /** Of the trained network's test; runs of older versions are without it. */
  readonly test?: TestDetails | undefined;
  readonly status: RunStatus;
  /** Commands which repeat the run, one a line. */
  readonly reproduce: readonly string[];
}
