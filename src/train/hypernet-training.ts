/**
 * Training the HyperNet: every step draws a random architecture, generates its weights, runs a mini-batch through it and
 * back-propagates into the HyperNet and the freely learned weights (SMASH Algorithm 1).
 *
 * A step depends on the seed, its number and the state alone, so a run that continues from a saved state is
 * bit-identical to one that was never interrupted.
 */

import type { Architecture } from "../arch/index.js";
import type { Augmentation } from "../data/index.js";
import { trainingStatistics, type RunOptions, type SearchNetwork } from "../network/index.js";
import { Adam, cosineRate, joinNamed, loadState, type NamedTensors, type Optimizer } from "../nn/index.js";
import { Random } from "../random.js";
import { mean } from "../statistics/index.js";
import { backwardStep, type PendingResult } from "./backward.js";
import type { ImageSource } from "./batch-tensors.js";
import { evaluateGenerated, type Score, type ScoringData } from "./evaluate.js";
import type { HyperNetEvent, StepEvent } from "./events.js";

/** How a HyperNet is trained. */
export interface HyperNetTrainingSettings {
  readonly steps: number;
  readonly batchSize: number;
  /** Highest learning rate; cosine schedule. SMASH section 4: 1e-3. */
  readonly rate: number;
  /** First steps, over which the rate rises. */
  readonly warmup: number;
  /** Adam's; the author's code has .5, the default. */
  readonly beta1?: number;
  /** Adam's; the author's code has 1e-4, the default. */
  readonly epsilon?: number;
  /** On the freely learned weights only. SMASH: 1e-4. */
  readonly weightDecay: number;
  readonly labelSmoothing: number;
  readonly augment: Augmentation;
  /** Steps between measurements on held-out images; the last step is always measured. */
  readonly validateEvery: number;
  /** Random architectures, always the same ones, whose mean error is measured. */
  readonly validationArchitectures: number;
}

/** What a HyperNet is trained on. */
export interface HyperNetTrainingOptions extends Pick<RunOptions, "computeType"> {
  readonly settings: HyperNetTrainingSettings;
  readonly train: ImageSource;
  readonly scoring: ScoringData;
  readonly seed: number;
}

/** Training of a HyperNet, another architecture each step (SMASH section 3). */
export class HyperNetTraining {
  readonly network: SearchNetwork;
  readonly #options: HyperNetTrainingOptions;
  readonly #optimizers: Readonly<Record<"hypernet" | "free", Optimizer>>;
  /** Steps done. */
  #step = 0;

  constructor(network: SearchNetwork, options: HyperNetTrainingOptions) {
    this.network = network;
    this.#options = options;
    const { weightDecay, beta1 = 0.5, epsilon = 1e-4 } = options.settings;
    const adam = { beta1, beta2: 0.999, epsilon };
    this.#optimizers = {
      hypernet: new Adam(network.hypernet.parameters(), adam),
      free: new Adam(network.free.parameters(), { ...adam, weightDecay }),
    };
  }

  get step(): number {
    return this.#step;
  }

  /** The live state: parameters, running statistics, optimizers. */
  state(): NamedTensors {
    return joinNamed({
      parameters: this.network.parameters(),
      buffers: this.network.buffers(),
      "optimizer.hypernet": this.#optimizers.hypernet.state(),
      "optimizer.free": this.#optimizers.free.state(),
    });
  }

  /** Continues after `step` steps from a saved state. */
  restore(step: number, saved: NamedTensors): void {
    loadState(this.state(), saved);
    this.#step = step;
  }

  /** Runs the remaining steps. Throws `SmashError("diverged")` at a loss that is not finite. */
  *run(): Generator<HyperNetEvent, void> {
    const { steps, validateEvery } = this.#options.settings;
    while (this.#step < steps) {
      yield { type: "hypernet-step", ...this.runStep() };
      const isLast = this.#step === steps;
      if (isLast || this.#step % validateEvery === 0) {
        yield { type: "hypernet-validation", step: this.#step, ...this.validate() };
      }
    }
  }

  /**
   * One step: sample, unless the architecture is given; generate, forward, backward, update. Throws
   * `SmashError("diverged")` for a loss that is not finite; the weights are then of no use.
   */
  runStep(architecture: Architecture = this.#sample()): StepEvent {
    const { settings } = this.#options;
    const step = this.#step;
    const pending = this.#backward(architecture, step);
    const rate = cosineRate({ base: settings.rate, step, steps: settings.steps, warmup: settings.warmup });
    for (const optimizer of Object.values(this.#optimizers)) optimizer.step(rate);
    const result = pending.read();
    this.#step++;
    return { step: this.#step, ...result, rate };
  }

  /** Mean error and loss of fixed random architectures on the held-out images. */
  validate(): Score {
    const { settings, seed, scoring, computeType } = this.#options;
    const scores = Array.from({ length: settings.validationArchitectures }, (_, index) =>
      evaluateGenerated(
        this.network,
        this.network.space.sample(Random.stream(seed, "hypernet-validation", index)),
        scoring,
        { computeType },
      ),
    );
    return { loss: mean(scores.map(({ loss }) => loss)), error: mean(scores.map(({ error }) => error)) };
  }

  #sample(): Architecture {
    const { settings, seed } = this.#options;
    return this.network.space.sampleForStep({ seed, step: this.#step, steps: settings.steps });
  }

  #backward(architecture: Architecture, step: number): PendingResult {
    const { computeType, ...options } = this.#options;
    for (const optimizer of Object.values(this.#optimizers)) optimizer.zeroGrad();
    return backwardStep(
      (images) => {
        const forward = this.network.forward(architecture, {
          computeType,
          statistics: trainingStatistics,
          noiseSeed: Random.stream(options.seed, "noise", step).seed(),
        });
        return forward(images);
      },
      { ...options, step },
    );
  }
}
