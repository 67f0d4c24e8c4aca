export type { Channel, ChannelEnd, ChannelHandlers, LogQuery, ServedChannel } from './channel.js';
