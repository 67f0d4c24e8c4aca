export type { AllowedDirectories } from './allowed-places.js';
export type { ProtectedDirectory } from './open-shares.js';
export { openShares, type OpenedShare, type SharedBy } from './open-shares.js';
export { recordShares, sharedHolderOf } from './recorded-shares.js';
export { guardProgram, serveShares, type ShareServers } from './serve-shares.js';
export { shareList } from './share-list.js';
export { parseShare, type ShareRequest, shareText } from './share-request.js';
export { notSharedByDefault, sharesInUse } from './shares-in-use.js';
export { invokingUser, openSshAgent } from './ssh-agent.js';
