/** Learning rates as functions of the step alone: resuming needs no state. */

export interface CosineRateOptions {
  /** The highest rate. */
  readonly base: number;
  /** 0 … steps - 1. */
  readonly step: number;
  readonly steps: number;
  /** First steps, over which the rate rises linearly to `base`. Default 0. */
  readonly warmup?: number;
  /** The rate that step number `steps` would have. Default 0. */
  readonly final?: number;
}

/** Cosine annealing without restarts (Loshchilov and Hutter 2017). */
export function cosineRate({ base, step, steps, warmup = 0, final = 0 }: CosineRateOptions): number {
  if (step < warmup) return (base * (step + 1)) / warmup;
  const progress = Math.min(1, (step - warmup) / Math.max(1, steps - warmup));
  return final + ((base - final) * (1 + Math.cos(Math.PI * progress))) / 2;
}
