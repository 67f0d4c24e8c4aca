import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connectRelay, type RelayLink } from '../gateway/relay-link.js';
import type { FromRelay } from '../relay-wire.js';
import { type RelayProgram, startClient, type Upstream } from './relay-program.js';

export interface Talk {
  readonly link: RelayLink;
  readonly next: <K extends FromRelay['kind']>(kind: K) => Promise<FromRelay & { readonly kind: K }>;
  readonly seen: FromRelay[];
}

/** A gateway that decides nothing by itself. */
export async function talkTo({ path }: RelayProgram): Promise<Talk> {
  const seen: FromRelay[] = [];
  const taken = new Set<FromRelay>();
  const waiting: (() => void)[] = [];
  const link = await connectRelay(path, (message) => {
    seen.push(message);
    for (const wake of waiting.splice(0)) wake();
  });
  async function next<K extends FromRelay['kind']>(kind: K): Promise<FromRelay & { readonly kind: K }> {
    for (;;) {
      const found = seen.find(
        (message): message is FromRelay & { readonly kind: K } =>
          message.kind === kind && !taken.has(message),
      );
      if (found !== undefined) {
        taken.add(found);
        return found;
      }
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
      });
    }
  }
  await next('hello');
  return { link, next, seen };
}

export interface Joined {
  readonly id: number;
  readonly client: Socket;
  readonly server: Socket;
}

/** A connection that has been dialed. */
export async function joinAt(
  { link, next }: Talk,
  relay: RelayProgram,
  upstream: Upstream,
  { from = '127.0.0.1', hold = false } = {},
): Promise<Joined> {
  const { socket: client } = await startClient(relay.tcpPort, from);
  const { id } = await next('open');
  link.send({ kind: 'dial', id, to: { address: '127.0.0.1', port: upstream.port }, hold });
  const server = await upstream.next();
  await next('connected');
  return { id, client, server };
}

export async function readFrom(socket: Socket, length: number): Promise<string> {
  let text = '';
  while (text.length < length) {
    const chunk: unknown = socket.read() ?? (await once(socket, 'readable'), socket.read());
    if (Buffer.isBuffer(chunk)) text += chunk.toString('latin1');
    else if (socket.readableEnded || socket.destroyed) break;
  }
  return text;
}
