export type { ClientStream, OpenClients } from './feed-clients.js';
export { type GatewayOptions, type GatewayProcess, keepGateway } from './gateway-process.js';
