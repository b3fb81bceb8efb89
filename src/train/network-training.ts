/**
 * Normal training of a resulting network from scratch: Nesterov SGD with a cosine schedule (SMASH section 4). As with
 * the HyperNet, a step depends on the seed, its number and the state alone.
 */

import { stepsPerEpoch, type Augmentation } from "../data/index.js";
import {
  runningStatistics,
  trainingStatistics,
  type RunOptions,
  type TrainableNetwork,
} from "../network/index.js";
import { cosineRate, joinNamed, loadState, Sgd, type NamedTensors } from "../nn/index.js";
import type { Tensor } from "../tensor/index.js";
import { backwardStep } from "./backward.js";
import type { BatchTensors, ImageSource } from "./batch-tensors.js";
import { evaluate, type Score } from "./evaluate.js";
import type { NetworkEvent } from "./events.js";

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
}

/** What a network is trained on. */
export interface NetworkTrainingOptions extends RunOptions {
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
  #step = 0;
  /** Sums over the epoch so far; part of the state, so that a resumed epoch reports the same means. */
  #sums = { loss: 0, error: 0 };

  constructor(network: TrainableNetwork, options: NetworkTrainingOptions) {
    this.network = network;
    this.#options = options;
    const { momentum, weightDecay, batchSize } = options.settings;
    this.#optimizer = new Sgd(network.parameters(), { momentum, weightDecay, nesterov: true });
    this.stepsPerEpoch = stepsPerEpoch({ count: options.train.set.count, batchSize });
  }

  get step(): number {
    return this.#step;
  }

  get steps(): number {
    return this.stepsPerEpoch * this.#options.settings.epochs;
  }

  /** Means over the steps of the unfinished epoch, to be saved beside `state`. */
  get epochSums(): { readonly loss: number; readonly error: number } {
    return this.#sums;
  }

  /** The live state: parameters, running statistics, optimizer. */
  state(): NamedTensors {
    return joinNamed({
      parameters: this.network.parameters(),
      buffers: this.network.buffers(),
      optimizer: this.#optimizer.state(),
    });
  }

  /** Goes on from a saved state, bit for bit. */
  restore(
    step: number,
    saved: NamedTensors,
    epochSums: { readonly loss: number; readonly error: number },
  ): void {
    loadState(this.state(), saved);
    this.#step = step;
    this.#sums = { ...epochSums };
  }

  /** Runs the remaining steps. Throws `SmashError("diverged")` at a loss that is not finite. */
  *run(): Generator<NetworkEvent, void> {
    while (this.#step < this.steps) {
      yield { type: "network-step", ...this.runStep() };
      if (this.#step % this.stepsPerEpoch > 0) continue;
      const validation = this.evaluate(this.#options.validation);
      const { loss, error } = this.#sums;
      this.#sums = { loss: 0, error: 0 };
      yield {
        type: "network-epoch",
        epoch: this.#step / this.stepsPerEpoch,
        trainLoss: loss / this.stepsPerEpoch,
        trainError: error / this.stepsPerEpoch,
        validationLoss: validation.loss,
        validationError: validation.error,
      };
    }
  }

  /** One optimizer step on the next batch; loss and error are of this batch. */
  runStep(): { readonly step: number; readonly loss: number; readonly error: number; readonly rate: number } {
    const { settings } = this.#options;
    const rate = cosineRate({
      base: settings.rate,
      step: this.#step,
      steps: this.steps,
      warmup: Math.round(settings.warmup * this.stepsPerEpoch),
    });
    const { loss, error } = this.#backward(this.#step);
    this.#optimizer.step(rate);
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
    return this.network.forward(images, { statistics: runningStatistics, computeType });
  }

  #backward(step: number): { readonly loss: number; readonly error: number } {
    const { computeType, ...options } = this.#options;
    this.#optimizer.zeroGrad();
    return backwardStep(
      (images) => this.network.forward(images, { statistics: trainingStatistics, computeType }),
      { ...options, step },
    );
  }
}
