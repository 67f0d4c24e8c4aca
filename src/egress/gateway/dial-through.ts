import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { messageOf } from '../../common/cause.js';
import type { Endpoint } from '../relay-wire.js';
import { dialAlong } from '../upstream-proxy/index.js';
import type { Through } from './decider.js';

/** Dials along the ways of a verdict. Rejects with what was in the way of each. */
export async function dialThrough({ hops, ask, dial }: Through, signal: AbortSignal): Promise<Duplex> {
  return dialAlong(hops, ask, {
    open: (host, port, until) => openTcp({ address: host, port }, until),
    direct: (until) => firstOf(dial, until),
    signal,
  });
}

async function firstOf(addresses: readonly Endpoint[], signal: AbortSignal): Promise<Duplex> {
  const failures: string[] = [];
  for (const each of addresses) {
    signal.throwIfAborted();
    try {
      return await openTcp(each, signal);
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  throw new Error(failures.length === 0 ? 'it has no address' : failures.join('; '));
}

/** Either side may end first. */
async function openTcp({ address, port }: Endpoint, signal: AbortSignal): Promise<Duplex> {
  const socket = connect({ host: address, port, allowHalfOpen: true, noDelay: true });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    throw error;
  }
}
