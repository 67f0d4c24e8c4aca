export { answerHost } from './answer-host.js';
export { askedOfProxy } from './asked-of-proxy.js';
export { askRegistry } from './ask-registry.js';
export {
  ConnectDecider,
  type ConnectVerdict,
  type MadeConnection,
  type RefusedConnection,
} from './connect-decider.js';
export { FirstOf } from './first-of.js';
export type { ConnectFacts, RegistryQuestion, Resolved, WantedConnection } from './facts.js';
export { KnownRegistries } from './known-registries.js';
