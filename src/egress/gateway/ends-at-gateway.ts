import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import type { ConnectPolicy } from '../connect-access/index.js';
import type { FirstOf } from '../connect-decider/index.js';
import type { FirstBytes } from '../first-bytes/index.js';
import type { Ends } from './daemon-destinations.js';
import type { Refused } from './decider.js';

/** Milliseconds: dockerd, containerd and git speak as soon as they are connected. */
const usualPatience = 10_000;

export interface EndsOptions extends Pick<ConnectPolicy, 'contact'> {
  /** `daemon-destinations.ts` */
  readonly isDaemons: (first: FirstBytes, ends: Ends) => boolean;
}

/**
 * Whether a connection of the engine's own ends at the gateway: what begins with TLS or HTTP does, whatever port it is to. Threat: a registry that is asked before it was seen what
 * begins there. So nothing goes on before the engine has spoken, and nothing that can ask a registry without being read.
 */
export async function endsAtGateway(
  { contact, isDaemons }: EndsOptions,
  ends: Ends,
  first: FirstOf,
  signal: AbortSignal,
  patience = usualPatience,
): Promise<'ends' | 'goes-on' | Refused> {
  const { address, port } = ends.to;
  const { first: begun } = await first.within(patience, signal);
  const refused = (reason: string): Refused => {
    const host = address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
    const error = new BulkheadError('BH_REGISTRY_UNREAD', { host, reason, contact });
    return { kind: 'refuse', reason: error.message, error };
  };
  if (isDaemons(begun, ends)) return 'goes-on';
  switch (begun.kind) {
    case 'tls':
    case 'http':
    // What is not in order is told to the client there.
    case 'malformed':
      return 'ends';
    case 'other':
      return 'goes-on';
    case 'forwarding':
      return refused(`it begins as one to a proxy (${begun.protocol}), which would lead it on`);
    case 'http2':
      return refused('it begins with HTTP/2 without TLS, in which no registry is asked');
    case 'more':
      return begun.like === 'anything' ? refused('nothing was said on it') : 'ends';
  }
}
