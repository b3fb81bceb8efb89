export { fineTuneBest, listUntuned } from "./fine-tune-best.js";
export type { FineTunedEvent, FineTuneOptions } from "./fine-tune-best.js";
export { proposeWithin } from "./propose.js";
export { rankArchitectures } from "./rank-architectures.js";
export type { RankOptions, TrialEvent } from "./rank-architectures.js";
export { findProxy, proxies } from "./proxies/list.js";
export { naswotImages } from "./proxies/naswot.js";
export type { Proxy, ProxyData, ProxyName } from "./proxies/proxy.js";
