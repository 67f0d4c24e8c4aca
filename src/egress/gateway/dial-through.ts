import type { Duplex } from 'node:stream';
import { dialAlong, openFirst, openTcp } from '../upstream-proxy/index.js';
import type { Through } from './decider.js';

/** Dials along the ways of a verdict. Rejects with what was in the way of each. */
export async function dialThrough({ hops, ask, dial }: Through, signal: AbortSignal): Promise<Duplex> {
  // Either side may end first.
  const open = (host: string, port: number, until: AbortSignal): Promise<Duplex> =>
    openTcp(host, port, until, { allowHalfOpen: true });
  const direct = (until: AbortSignal): Promise<Duplex> =>
    openFirst(dial, ({ address, port }) => open(address, port, until), until);
  return dialAlong(hops, ask, { open, direct, signal });
}
