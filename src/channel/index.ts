export type { Channel, ChannelEnd, ChannelHandlers, LogQuery, ServedChannel } from './channel.js';
export { ChannelSupervisor, type SupervisorOptions, type SupervisorState } from './channel-supervisor.js';
export { connectChannel, type ConnectOptions } from './connect-channel.js';
export { type Forwarder, forwardConnections, type ForwardOptions } from './forward-connections.js';
export { type JoinEnd, joinDuplex } from './join-duplex.js';
export { serveChannel, type ServeOptions } from './serve-channel.js';
export { listenPrivately } from './socket-listener.js';
