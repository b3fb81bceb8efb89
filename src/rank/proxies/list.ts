/** The proxies by name, cheapest first. */

import { unknownName } from "../../nearest.js";
import { flopsProxy, parametersProxy } from "./cost.js";
import { naswotProxy } from "./naswot.js";
import type { Proxy } from "./proxy.js";
import { shortTrainingProxy } from "./short-training.js";
import { synflowProxy } from "./synflow.js";

/** All zero-cost proxies and other baselines, in the order of a study's table. */
export const proxies: readonly Proxy[] = [
  parametersProxy,
  flopsProxy,
  synflowProxy,
  naswotProxy,
  shortTrainingProxy,
];

/** The baseline of this name. Throws `SmashError("usage")` with the nearest name for an unknown one. */
export function findProxy(name: string): Proxy {
  const proxy = proxies.find((candidate) => candidate.name === name);
  if (proxy) return proxy;
  throw unknownName(
    "A proxy",
    name,
    proxies.map((candidate) => candidate.name),
  );
}
