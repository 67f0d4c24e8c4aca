export { listenOnHost, type Restricted } from './listen-on-host.js';
export { placeText } from './bind-error.js';
export { PublishedPorts } from './published-ports.js';
export { servePorts } from './serve-ports.js';
