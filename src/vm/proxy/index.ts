export { engineProxy } from './engine-proxy.js';
export { hostProxy } from './host-proxy.js';
export { withHostProxy } from './with-host-proxy.js';
