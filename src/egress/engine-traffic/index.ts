export { type AuthorityKeys, BootAuthority, makeAuthority } from './boot-authority.js';
export { type EngineDecision, EngineTraffic, type EngineTrafficOptions } from './engine-traffic.js';
export { type DialFacts, dialRegistry } from './dial-registry.js';
export { insecureRegistries } from './insecure-registries.js';
export { type Place, placeText } from './place.js';
export { PullWatch } from './pull-watch.js';
export type { Pulled, PulledManifest } from './pulled.js';
export { registryContext } from './registry-certificates.js';
export type { Reach } from './registry-agent.js';
