/** What a --config file must hold to make one configuration from another. */

import { isDeepStrictEqual } from "node:util";

type Tree = Readonly<Record<string, unknown>>;

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The parts of `actual` that are not as in `plain`, nested alike; undefined when there are none. */
export function difference(plain: unknown, actual: unknown): unknown {
  if (isDeepStrictEqual(plain, actual)) return undefined;
  if (!isTree(plain) || !isTree(actual)) return actual;
  const parts = Object.entries(actual).map(([key, value]) => [key, difference(plain[key], value)] as const);
  const changed = parts.filter(([, value]) => value !== undefined);
  return changed.length === 0 ? undefined : Object.fromEntries(changed);
}
