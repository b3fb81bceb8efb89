export { fineTuneTrial, listUntuned } from "./fine-tune.js";
export type { FineTunedEvent } from "./fine-tune.js";
export { proposeWithin } from "./propose.js";
export { rankArchitectures, scoreUntrained } from "./rank-architectures.js";
export type { RankOptions, TrialEvent } from "./rank-architectures.js";
export { findProxy, proxies } from "./proxies/list.js";
export { naswotImages } from "./proxies/naswot.js";
export type { Proxy, ProxyData, ProxyName } from "./proxies/proxy.js";
