import type { Duplex } from 'node:stream';
import type { Endpoint } from '../relay-wire.js';
import { dialAlong, openFirst, openTcp } from '../upstream-proxy/index.js';
import type { Through } from './decider.js';

// Either side may end first.
const open = (host: string, port: number, signal: AbortSignal): Promise<Duplex> =>
  openTcp(host, port, signal, { allowHalfOpen: true });

/** Dials the first of these that can be. Rejects with what was in the way of each. */
export function dialDirectly(places: readonly Endpoint[], signal: AbortSignal): Promise<Duplex> {
  return openFirst(places, ({ address, port }) => open(address, port, signal), signal);
}

/** Dials along the ways of a verdict. Likewise. */
export async function dialThrough({ hops, ask, dial }: Through, signal: AbortSignal): Promise<Duplex> {
  const direct = (until: AbortSignal): Promise<Duplex> => dialDirectly(dial, until);
  return dialAlong(hops, ask, { open, direct, signal });
}
