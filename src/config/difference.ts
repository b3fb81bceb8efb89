/** Where two configurations, or parts of them, are not the same. */

import { isDeepStrictEqual } from "node:util";
import { describeValue } from "../errors.js";

/** Whether a value has settings of its own; a list is one value. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The parts of `actual` that are not as in `plain`, nested alike, as a --config file has them; undefined when there are none. */
export function difference(plain: unknown, actual: unknown): unknown {
  if (isDeepStrictEqual(plain, actual)) return undefined;
  if (!isObject(plain) || !isObject(actual)) return actual;
  const parts = Object.entries(actual).map(([key, value]) => [key, difference(plain[key], value)] as const);
  const changed = parts.filter(([, value]) => value !== undefined);
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}

/** The first setting that is not as it was, at any depth, with both values; undefined when all are. */
export function describeDifference(before: unknown, now: unknown, path = ""): string | undefined {
  if (!isObject(before) || !isObject(now)) {
    return isDeepStrictEqual(before, now) ? undefined : `${path} ${describeChange(before, now)}`;
  }
  for (const key of new Set([...Object.keys(now), ...Object.keys(before)])) {
    const found = describeDifference(before[key], now[key], path === "" ? key : `${path}.${key}`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function describeChange(before: unknown, now: unknown): string {
  if (before === undefined) return `was not there, now is ${describeValue(now)}`;
  if (now === undefined) return `was ${describeValue(before)}, now is not there`;
  return `was ${describeValue(before)}, now ${describeValue(now)}`;
}
