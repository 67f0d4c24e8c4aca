export { type AllowedDirectories, homeOf } from './allowed-places.js';
export type { ProtectedDirectory } from './open-shares.js';
export { openShares, type OpenedShare } from './open-shares.js';
export { recordShares, sharedHolderOf } from './recorded-shares.js';
export { parseShare, type ShareRequest } from './share-request.js';
export { invokingUser, openSshAgent } from './ssh-agent.js';
