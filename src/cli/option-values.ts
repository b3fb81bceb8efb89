/** Parsers of option values for commander's `.option(flags, description, parser)`: each names its flag when it fails. */

import { SmashError } from "../errors.js";
import { nearestName } from "../nearest.js";

export interface NumberLimits {
  /** Smallest value, itself allowed. Default: the smallest exact integer. */
  readonly min?: number;
  /** Largest value, itself allowed. Default: the largest exact integer. */
  readonly max?: number;
}

/** A parser of whole numbers: `.option("--count <n>", "how many", parseInteger("--count", { min: 1 }))`. */
export function parseInteger(flag: string, limits: NumberLimits = {}): (text: string) => number {
  return numberParser(flag, { ...limits, kind: "a whole number", pattern: /^[+-]?\d+$/ });
}

/** A parser of decimal numbers, 0.05, .05 or 5e-2. */
export function parseNumber(flag: string, limits: NumberLimits = {}): (text: string) => number {
  return numberParser(flag, {
    ...limits,
    kind: "a number",
    pattern: /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i,
  });
}

const suffixes = { k: 1e3, K: 1e3, M: 1e6, G: 1e9 } as const;

/** A parser of counts as people write them: 300000, 300k, 1.5M, 2G. */
export function parseCount(flag: string, limits: NumberLimits = {}): (text: string) => number {
  return numberParser(flag, {
    ...limits,
    kind: "a whole number, or one with k, M or G (thousand, million, billion)",
    pattern: /^([+-]?\d+|(\d+\.?\d*|\.\d+)[kKMG])$/,
    read: (text) => {
      const factor = suffixes[text.at(-1) as keyof typeof suffixes] as number | undefined;
      // Rounded: 2.3M is a whole number, 2.3 * 1e6 is not quite.
      return factor === undefined ? Number(text) : Math.round(Number(text.slice(0, -1)) * factor);
    },
  });
}

/** A parser of one of a few words. */
export function parseChoice<T extends string>(flag: string, choices: readonly T[]): (text: string) => T {
  return (text) => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice !== undefined) return choice;
    const nearest = nearestName(text, choices);
    throw new SmashError("usage", {
      rule: `${flag} must be one of ${choices.join(", ")}.`,
      found: `"${text}".`,
      fix: nearest === undefined ? `use ${flag} ${choices[0]}, say.` : `did you mean "${nearest}"?`,
    });
  };
}

interface NumberForm extends NumberLimits {
  readonly kind: string;
  readonly pattern: RegExp;
  /** Of a text like the pattern. Default: `Number`. */
  readonly read?: (text: string) => number;
}

function numberParser(flag: string, form: NumberForm): (text: string) => number {
  const { kind, pattern, read = Number, min = Number.MIN_SAFE_INTEGER, max = Number.MAX_SAFE_INTEGER } = form;
  return (text) => {
    const value = pattern.test(text) ? read(text) : NaN;
    if (value >= min && value <= max) return value;
    // Whatever was set, there are the limits of what a double holds exactly.
    const limits = Math.abs(value) > Number.MAX_SAFE_INTEGER ? { min, max } : form;
    const example = Math.min(Math.max(1, min), max);
    throw new SmashError("usage", {
      rule: `${flag} must be ${kind}${limitText(limits)}.`,
      found: `"${text}".`,
      fix: `use ${flag} ${example}, say.`,
    });
  };
}

function limitText({ min, max }: NumberLimits): string {
  if (min !== undefined && max !== undefined) return ` from ${min} to ${max}`;
  if (min !== undefined) return `, ${min} or more`;
  return max === undefined ? "" : `, ${max} or less`;
}
