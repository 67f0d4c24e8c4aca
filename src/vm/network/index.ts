export { chooseNetwork, engineNetworks } from './choose-network.js';
export { type GuestNetwork, guestNetwork, kernelNetwork, userNetwork } from './guest-network.js';
export { nameServerNotes, readNameServers } from './host-name-servers.js';
export { readHostNetworks } from './host-networks.js';
