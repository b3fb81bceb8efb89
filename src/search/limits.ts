/** Limits that a search keeps to: the most parameters, work and time a network may have. */

import { countCost, type Architecture, type Cost } from "../arch/index.js";
import { SmashError } from "../errors.js";
import { formatCount, formatMs } from "../format-count.js";

/** The largest value allowed, itself included; what is left out has no limit. */
export interface Limits {
  readonly parameters?: number | undefined;
  /** Multiply-adds for one image. */
  readonly flops?: number | undefined;
  /** Milliseconds for one image, exported to ONNX, on one CPU thread. */
  readonly latencyMs?: number | undefined;
}

/** What is known of a network's cost; a latency only where it was measured. */
export interface MeasuredCost extends Cost {
  readonly latencyMs?: number | undefined;
}

const kinds = [
  { name: "parameters", flag: "--max-parameters", noun: "parameters", format: formatCount },
  { name: "flops", flag: "--max-flops", noun: "multiply-adds", format: formatCount },
  { name: "latencyMs", flag: "--max-latency-ms", noun: "ms", format: formatMs },
] as const;

/** How many times as large as allowed, in the worst respect that is counted; at most 1 within the limits. */
export function excessOver({ parameters, flops }: Limits, cost: Cost): number {
  return Math.max(cost.parameters / (parameters ?? Infinity), cost.flops / (flops ?? Infinity));
}

/** Whether a cost keeps to every limit. Where time is limited, one that was not measured does not. */
export function isWithin(limits: Limits, cost: MeasuredCost): boolean {
  if (excessOver(limits, cost) > 1) return false;
  return limits.latencyMs === undefined || (cost.latencyMs ?? Infinity) <= limits.latencyMs;
}

/** Whether every network within `inner` is within `outer`. */
export function isTighter(inner: Limits, outer: Limits): boolean {
  return kinds.every(({ name }) => (inner[name] ?? Infinity) <= (outer[name] ?? Infinity));
}

/** "at most 300k parameters and 20.0M multiply-adds"; `undefined` without limits. */
export function describeLimits(limits: Limits): string | undefined {
  const parts = kinds.flatMap(({ name, noun, format }) => {
    const most = limits[name];
    return most === undefined ? [] : [`${format(most)} ${noun}`];
  });
  return parts.length === 0 ? undefined : `at most ${parts.join(" and ")}`;
}

/** The smallest values seen, each by itself. */
export class SmallestCost {
  #cost: MeasuredCost = { parameters: Infinity, flops: Infinity, latencyMs: Infinity };

  add(architecture: Architecture, latencyMs = Infinity): Cost {
    const cost = countCost(architecture);
    this.#cost = {
      parameters: Math.min(this.#cost.parameters, cost.parameters),
      flops: Math.min(this.#cost.flops, cost.flops),
      latencyMs: Math.min(this.#cost.latencyMs!, latencyMs),
    };
    return cost;
  }

  /** What to throw once every way to a network within the limits has been tried. */
  noneWithin(limits: Limits): SmashError {
    // Of what was never measured nothing is known.
    const limited = kinds.filter(({ name }) => limits[name] !== undefined && this.#cost[name]! < Infinity);
    const broken = limited.filter(({ name }) => this.#cost[name]! > limits[name]!);
    // Each limit can be kept, but not together.
    const named = broken.length > 0 ? broken : limited;
    const found = named.map(({ name, flag, noun, format }) => {
      const exact = `${flag} ${limits[name]!} (ranking.limits.${name})`;
      return `${exact}, and the smallest seen has ${format(this.#cost[name]!)} ${noun}`;
    });
    return new SmashError("config", {
      rule: "The space must have networks within the limits.",
      found: `${found.join("; ")}.`,
      fix:
        broken.length > 0
          ? "raise the limit, or choose settings of a smaller space."
          : "raise one of the limits: each can be kept alone, together they cannot.",
    });
  }
}
