export { answerHost } from './answer-host.js';
export { askedOfProxy } from './asked-of-proxy.js';
export { askRegistry } from './ask-registry.js';
export { ConnectDecider } from './connect-decider.js';
export { FirstOf } from './first-of.js';
export type { ConnectFacts, RegistryQuestion, Resolved, WantedConnection } from './facts.js';
export { KnownRegistries } from './known-registries.js';
export { QuestionThread } from './question-thread.js';
export type { ConnectVerdict, MadeConnection, RefusedConnection } from './verdict.js';
