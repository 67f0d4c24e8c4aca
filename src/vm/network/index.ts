export { flowShare } from './flow-share.js';
export { type GuestNetwork, guestNetwork, kernelNetwork, userNetwork } from './guest-network.js';
export { hostLoopback } from './host-loopback.js';
export { leftOut } from './left-out.js';
export { networkInUse } from './network-in-use.js';
