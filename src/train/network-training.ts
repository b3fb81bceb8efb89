/**
 * Normal training of a resulting network from scratch: Nesterov SGD with a cosine schedule (SMASH section 4), and the
 * options that docs/training.md describes. As with the HyperNet, a step depends on the seed, its number and the state
 * alone.
 */

import { stepsPerEpoch, type Augmentation, type RandAugment } from "../data/index.js";
import { Random } from "../random.js";
import {
  runningStatistics,
  trainingStatistics,
  type RunOptions,
  type TrainableNetwork,
} from "../network/index.js";
import { cosineRate, disposeAll, joinNamed, loadState, Sgd, type NamedTensors } from "../nn/index.js";
import { Recording, type Tensor } from "../tensor/index.js";
import { backwardStep, type PendingResult } from "./backward.js";
import type { BatchTensors, ImageSource } from "./batch-tensors.js";
import { evaluate, type Score } from "./evaluate.js";
import type { NetworkEvent, StepEvent } from "./events.js";
import { networkState, WeightAverage } from "./weight-average.js";

/** How a network is trained. */
export interface NetworkTrainingSettings {
  /** SMASH: 300. */
  readonly epochs: number;
  readonly batchSize: number;
  /** Highest learning rate. SMASH: .1. */
  readonly rate: number;
  /** First epochs, over which the rate rises. */
  readonly warmup: number;
  /** SMASH: .9. */
  readonly momentum: number;
  /** SMASH: 1e-4. */
  readonly weightDecay: number;
  readonly labelSmoothing: number;
  readonly augment: Augmentation;
  /** See `Augmentation`. Default 0: none. */
  readonly cutout?: number | undefined;
  /** See `Augmentation`. Default: none. */
  readonly randAugment?: RandAugment | undefined;
  /** Alpha; see train/mixup.ts. Default 0: none. */
  readonly mixup?: number | undefined;
  /** Probability of leaving out the last layer; see network/stochastic-depth.ts. Default 0: none. */
  readonly stochasticDepth?: number | undefined;
  /** What is measured, tested and kept is a moving average of the weights. Default: the weights themselves. */
  readonly average?: { readonly decay: number } | undefined;
  /** Ends a `run` after so many epochs without a lower validation error. Default 0: never. */
  readonly earlyStopping?: { readonly patience: number } | undefined;
}

/** The epoch with the lowest validation error so far. */
export interface BestEpoch {
  /** From 1. */
  readonly epoch: number;
  readonly validationError: number;
}

/** What a training's state is beside its tensors, to be saved with them. */
export interface TrainingProgress {
  readonly step: number;
  /** Over the steps of the unfinished epoch. */
  readonly epochSums: { readonly loss: number; readonly error: number };
  /** Undefined before the first epoch's end. */
  readonly best?: BestEpoch | undefined;
}

/** What a network is trained on. */
export interface NetworkTrainingOptions extends Pick<RunOptions, "computeType"> {
  readonly settings: NetworkTrainingSettings;
  readonly train: ImageSource;
  readonly validation: readonly BatchTensors[];
  readonly seed: number;
}

/** Normal training of one network (SMASH section 4). */
export class NetworkTraining {
  readonly network: TrainableNetwork;
  readonly stepsPerEpoch: number;
  readonly #options: NetworkTrainingOptions;
  readonly #optimizer: Sgd;
  readonly #average: WeightAverage | undefined;
  readonly #recording = new Recording();
  #step = 0;
  /** Part of the state, so that a resumed epoch reports the same means. */
  #sums = { loss: 0, error: 0 };
  #best: BestEpoch | undefined;

  constructor(network: TrainableNetwork, options: NetworkTrainingOptions) {
    this.network = network;
    this.#options = options;
    const { momentum, weightDecay, batchSize, average } = options.settings;
    this.#optimizer = new Sgd(network.parameters(), { momentum, weightDecay, nesterov: true });
    if (average && average.decay > 0) this.#average = new WeightAverage(network, average.decay);
    this.stepsPerEpoch = stepsPerEpoch({ count: options.train.set.count, batchSize });
  }

  get step(): number {
    return this.#step;
  }

  get steps(): number {
    return this.stepsPerEpoch * this.#options.settings.epochs;
  }

  /** Whether the schedule is at its end, or was stopped early. */
  get isOver(): boolean {
    if (this.#step >= this.steps) return true;
    const { patience = 0 } = this.#options.settings.earlyStopping ?? {};
    if (patience === 0 || !this.#best || this.#step % this.stepsPerEpoch > 0) return false;
    return this.#step / this.stepsPerEpoch - this.#best.epoch >= patience;
  }

  get progress(): TrainingProgress {
    return { step: this.#step, epochSums: this.#sums, ...(this.#best && { best: this.#best }) };
  }

  /** The network to measure, test and keep: the trained one, or the average of its weights. */
  get evaluated(): TrainableNetwork {
    return this.#average?.network ?? this.network;
  }

  /** The live state: weights and running statistics (of the evaluated network), the optimizer, what else is trained. */
  state(): NamedTensors {
    return new Map([
      ...networkState(this.evaluated),
      ...joinNamed({ optimizer: this.#optimizer.state() }),
      ...(this.#average ? joinNamed({ trained: networkState(this.network) }) : []),
    ]);
  }

  /** Frees the network and all that its training holds, for which there is no scope. */
  dispose(): void {
    this.#recording.dispose();
    disposeAll(this.state());
  }

  /** Goes on from a saved state, bit for bit. */
  restore(saved: NamedTensors, { step, epochSums, best }: TrainingProgress): void {
    loadState(this.state(), saved);
    this.#step = step;
    this.#sums = { ...epochSums };
    this.#best = best;
  }

  /** Runs the remaining steps. Throws `SmashError("diverged")` at a loss that is not finite. */
  *run(): Generator<NetworkEvent, void> {
    while (!this.isOver) {
      yield { type: "network-step", ...this.runStep() };
      if (this.#step % this.stepsPerEpoch > 0) continue;
      const epoch = this.#step / this.stepsPerEpoch;
      const validation = this.evaluate(this.#options.validation);
      const { loss, error } = this.#sums;
      this.#sums = { loss: 0, error: 0 };
      const isBest = !this.#best || validation.error < this.#best.validationError;
      if (isBest) this.#best = { epoch, validationError: validation.error };
      yield {
        type: "network-epoch",
        epoch,
        trainLoss: loss / this.stepsPerEpoch,
        trainError: error / this.stepsPerEpoch,
        validationLoss: validation.loss,
        validationError: validation.error,
        isBest,
      };
    }
  }

  /**
   * One optimizer step on the next batch; loss and error are of this batch. Throws `SmashError("diverged")` for a loss that
   * is not finite; the weights are then of no use.
   */
  runStep(): StepEvent {
    const { settings } = this.#options;
    const rate = cosineRate({
      base: settings.rate,
      step: this.#step,
      steps: this.steps,
      warmup: Math.round(settings.warmup * this.stepsPerEpoch),
    });
    const pending = this.#backward(this.#step);
    this.#optimizer.step(rate);
    this.#average?.update(this.#step);
    const { loss, error } = pending.read();
    this.#step++;
    this.#sums.loss += loss;
    this.#sums.error += error;
    return { step: this.#step, loss, error, rate };
  }

  /** Error and loss with the running statistics, as the network will be used. */
  evaluate(batches: readonly BatchTensors[]): Score {
    return evaluate((images) => this.forward(images), batches);
  }

  /** Images [N, C, H, W] -> logits [N, K], with the running statistics. */
  forward(images: Tensor): Tensor {
    const { computeType } = this.#options;
    return this.evaluated.forward(images, { statistics: runningStatistics, computeType });
  }

  #backward(step: number): PendingResult {
    const { computeType, settings, seed, train } = this.#options;
    const { augment, cutout, randAugment, stochasticDepth: probability } = settings;
    const stochasticDepth = probability
      ? { probability, random: Random.stream(seed, "stochastic-depth", step) }
      : undefined;
    return backwardStep(
      (images) => {
        // A replayed step writes to the gradients of the recorded one.
        this.#optimizer.zeroGrad();
        return this.network.forward(images, { statistics: trainingStatistics, computeType, stochasticDepth });
      },
      {
        train,
        settings: { ...settings, augment: { ...augment, cutout, randAugment } },
        ...{ seed, step },
        // Other layers are left out in every step.
        recording: stochasticDepth ? undefined : this.#recording,
      },
    );
  }
}
