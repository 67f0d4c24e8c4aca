export type { Hop, ProxyServer } from './hop.js';
