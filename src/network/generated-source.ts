/**
 * Weights of one architecture in a SMASH network: generated convolutions, slices of the freely learned rest.
 * BatchNorm stands in transitions and head, and inside ops where the architecture says so; its statistics are a choice
 * (see `BatchNormMode`).
 */

import { listSites, type MemoryBankArchitecture, type Site } from "../arch/index.js";
import type { AffineBatchNorm, Tensor } from "../tensor/index.js";
import type { FreeWeights } from "./free-weights.js";
import type { BatchNormStatistics } from "./statistics.js";
import type { WeightSource } from "./weight-source.js";

export class GeneratedSource implements WeightSource {
  readonly #sites: readonly Site[];
  readonly #hasOpNorms: boolean;
  readonly #weights: readonly Tensor[];
  readonly #free: FreeWeights;
  readonly #statistics: BatchNormStatistics;

  /** `generated`: the weights that are not learned freely, in the order of the sites. */
  constructor(
    architecture: MemoryBankArchitecture,
    generated: readonly Tensor[],
    { free, statistics }: { readonly free: FreeWeights; readonly statistics: BatchNormStatistics },
  ) {
    let used = 0;
    this.#sites = listSites(architecture);
    this.#hasOpNorms = architecture.batchNorm === "ops";
    this.#weights = free.slice(architecture).map((weight) => weight ?? generated[used++]);
    this.#free = free;
    this.#statistics = statistics;
  }

  weights(index: number): { readonly weight: Tensor; readonly bias?: Tensor } {
    const weight = this.#weights[index];
    return this.#sites[index].kind === "head" ? { weight, bias: this.#free.headBias } : { weight };
  }

  hasBatchNorm(site: Site): boolean {
    if (site.kind === "transition" || site.kind === "head") return true;
    return this.#hasOpNorms && site.kind !== "stem";
  }

  batchNorm(index: number): AffineBatchNorm {
    const { weight, bias, ...shared } = this.#free.batchNorm(this.#sites[index]);
    return { weight, bias, ...this.#statistics.at(index, shared) };
  }
}
