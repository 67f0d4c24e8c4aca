export { type GuestNetwork, guestNetwork, kernelNetwork, userNetwork } from './guest-network.js';
export { networkInUse } from './network-in-use.js';
