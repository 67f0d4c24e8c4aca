export { dialAlong, type DialOptions, type DialTarget } from './dial-along.js';
export { openFirst, openTcp } from './open-tcp.js';
export type { Hop, ProxyServer } from './hop.js';
export { UpstreamFailure } from './read-exactly.js';
