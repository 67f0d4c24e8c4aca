import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../common/system-clock.js';
import type { Channel, ChannelHandlers, ServedChannel } from '../channel.js';
import { connectChannel, type ConnectOptions } from '../connect-channel.js';
import { serveChannel } from '../serve-channel.js';
import { socketPair } from './streams.js';

export const echoHandlers: ChannelHandlers = {
  engine: (stream) => void stream.pipe(stream),
  status: async () => ({ well: true }),
  explain: async (question) => ({ question }),
  signIn: async (question) => ({ question }),
  signOut: async () => ({}),
  changeShares: async () => ({ kind: 'done' }),
  trim: async () => ({ trimmed: true }),
  ports: (stream) => void stream.pipe(stream),
  sshAgent: (stream) => void stream.pipe(stream),
  egress: (stream) => void stream.pipe(stream),
  egressRelay: (stream) => void stream.pipe(stream),
  async *logs() {},
  async *audit() {},
  powerOff: async () => {},
};

export interface Session {
  readonly channel: Channel;
  readonly served: ServedChannel;
  readonly host: Duplex;
  readonly guest: Duplex;
}

/** Both ends of a session over a pair of unix sockets, ended with the test. */
export async function openSession(
  handlers: Partial<ChannelHandlers> = {},
  options: Partial<ConnectOptions> = {},
): Promise<Session> {
  const [host, guest] = await socketPair();
  const [channel, served] = await Promise.all([
    connectChannel(host, { clock: systemClock, ...options }),
    serveChannel(guest, { ...echoHandlers, ...handlers }, { clock: systemClock }),
  ]);
  onTestFinished(async () => {
    await Promise.all([channel.close(), served.close()]);
  });
  return { channel, served, host, guest };
}
