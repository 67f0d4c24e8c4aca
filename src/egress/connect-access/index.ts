export { addressFamilies, type AddressFamily } from './address-family.js';
export type {
  Connection,
  ConnectDecision,
  ConnectPolicy,
  Permission,
  Refusal,
  Target,
} from './connection.js';
export { connectPolicyOf } from './connect-policy.js';
export { decideConnection } from './decide-connection.js';
export { decideName } from './decide-name.js';
export {
  hostAddresses,
  hostDialled,
  type HostLoopback,
  hostLoopbackOf,
  hostLoopbacks,
  hostName,
  isHostAddress,
  isHostName,
  loopbackClosed,
} from './host-loopback.js';
export { isAllowedByName, judge } from './judge.js';
export { judgeHost } from './judge-host.js';
export { registryBarrier } from './registry-barrier.js';
export { RuleIndex } from './rule-index.js';
export { addressKind, reachedAddress } from './special-addresses.js';
export { clientKey, type Who } from './who.js';
