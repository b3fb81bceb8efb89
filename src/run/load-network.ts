/** A trained network out of the checkpoint that training left. */

import { createNetwork, type CellNetwork, type ResultingNetwork } from "../network/index.js";
import { loadState } from "../nn/index.js";
import { useCheckpoint } from "../store/index.js";
import { networkState } from "../train/index.js";
import { findUnfinished, networkFactsSchema, type NetworkFacts, type Unfinished } from "./facts.js";

/** A trained network and what its checkpoint says of it. */
export interface LoadedNetwork {
  readonly network: ResultingNetwork | CellNetwork;
  readonly facts: NetworkFacts;
  /** Where its training is, unless that came to its end. */
  readonly unfinished: Unfinished | undefined;
}

/** What a trained network's checkpoint says of it. Throws as `loadTrainedNetwork` does. */
export async function readNetworkFacts(checkpoint: string): Promise<NetworkFacts> {
  const saved = { device: "cpu", schema: networkFactsSchema };
  return useCheckpoint(checkpoint, saved, ({ facts }) => facts);
}

/** Throws `SmashError("checkpoint")` for a file that is damaged or not of a network. */
export async function loadTrainedNetwork(checkpoint: string, device: string): Promise<LoadedNetwork> {
  return useCheckpoint(checkpoint, { device, schema: networkFactsSchema }, ({ facts, tensors }) => {
    const network = createNetwork(facts.architecture, { seed: 0, device });
    const own = networkState(network);
    // The file also holds the optimizer's state.
    loadState(own, new Map([...tensors].filter(([name]) => own.has(name))));
    return { network, facts, unfinished: findUnfinished(facts) };
  });
}
