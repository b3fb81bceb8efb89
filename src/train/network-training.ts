/**
 * Normal training of a resulting network from scratch: Nesterov SGD with a cosine schedule (SMASH section 4). As with
 * the HyperNet, a step depends on the seed, its number and the state alone.
 */

import { batchIndices, stepsPerEpoch, type Augmentation } from "../data/index.js";
import { SmashError } from "../errors.js";
import {
  runNetwork,
  runningStatistics,
  trainingStatistics,
  type ResultingNetwork,
  type RunOptions,
} from "../network/index.js";
import { cosineRate, joinNamed, loadState, Sgd, type NamedTensors } from "../nn/index.js";
import { Random } from "../random.js";
import { crossEntropy, scope, type Tensor } from "../tensor/index.js";
import { loadBatch, type BatchTensors, type ImageSource } from "./batch-tensors.js";
import { evaluate, type Score } from "./evaluate.js";
import type { NetworkEvent } from "./events.js";

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

export interface NetworkTrainingOptions extends RunOptions {
  readonly settings: NetworkTrainingSettings;
  readonly train: ImageSource;
  readonly validation: readonly BatchTensors[];
  readonly seed: number;
}

export class NetworkTraining {
  readonly network: ResultingNetwork;
  readonly stepsPerEpoch: number;
  readonly #options: NetworkTrainingOptions;
  readonly #optimizer: Sgd;
  #step = 0;
  /** Sums over the epoch so far; part of the state, so that a resumed epoch reports the same means. */
  #sums = { loss: 0, error: 0 };

  constructor(network: ResultingNetwork, options: NetworkTrainingOptions) {
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

  runStep(): { readonly step: number; readonly loss: number; readonly error: number; readonly rate: number } {
    const { settings } = this.#options;
    const rate = cosineRate({
      base: settings.rate,
      step: this.#step,
      steps: this.steps,
      warmup: Math.round(settings.warmup * this.stepsPerEpoch),
    });
    const { loss, error } = this.#backward(this.#step);
    if (!Number.isFinite(loss)) {
      throw new SmashError("diverged", {
        rule: "The training loss must stay finite.",
        found: `loss ${loss} at step ${this.#step + 1}.`,
        fix: "the last good checkpoint is kept; train again with a lower learning rate, or with --precision fp32.",
      });
    }
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
    return runNetwork(this.network.architecture, this.network.source(runningStatistics), images, {
      computeType,
    });
  }

  #backward(step: number): { readonly loss: number; readonly error: number } {
    const { settings, train, seed, computeType } = this.#options;
    const { batchSize, augment, labelSmoothing } = settings;
    const indices = batchIndices({ count: train.set.count, batchSize, seed, step });
    this.#optimizer.zeroGrad();
    return scope(() => {
      const batch = loadBatch(train, indices, { augment, random: Random.stream(seed, "augment", step) });
      const source = this.network.source(trainingStatistics);
      const logits = runNetwork(this.network.architecture, source, batch.images, { computeType });
      const loss = crossEntropy(logits, batch.labels, { smoothing: labelSmoothing });
      loss.backward();
      const correct = logits.argmax(1).equal(batch.labels).to({ dtype: "float32" }).mean();
      return { loss: loss.item(), error: 1 - correct.item() };
    });
  }
}
