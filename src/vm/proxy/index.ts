export { withHostProxy } from './with-host-proxy.js';
