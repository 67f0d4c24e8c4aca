import type { Duplex } from 'node:stream';
import type { HostName } from '../../common/authority.js';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { type IpAddress, parseIpAddress } from '../../common/ip-address.js';
import { isLoopback, isLoopbackName } from '../../common/loopback.js';
import { type Place, placeText } from '../../egress/engine-traffic/place.js';
import { openFirst } from '../../egress/upstream-proxy/open-tcp.js';

export interface OwnReach {
  /** The addresses `localhost` has, tried one after the other: who asks by one of them would have tried the next itself, where nobody had answered. */
  readonly loopback: readonly string[];
  /** Whether an address is one of the machine's. */
  readonly isOwn: (address: IpAddress) => boolean;
  /** Opens a connection to an address of the engine's own. */
  readonly open: (address: string, port: number, signal: AbortSignal) => Promise<Duplex>;
  readonly contact: string;
}

/** Milliseconds to connect to what is on this very machine. */
const patience = 10_000;

/**
 * By which connections to a place on the engine itself are opened. Threat: a name that is admitted elsewhere, and has an address of the engine's for a moment: what is here would be taken for what is there.
 */
export function reachOwn(place: Place, { open, contact, ...own }: OwnReach): () => Promise<Duplex> {
  return async () => {
    const addresses = addressesOf(place.host, own);
    const signal = AbortSignal.timeout(patience);
    if (addresses.length > 0)
      return (await openFirst(addresses, async (address) => open(address, place.port, signal), signal)).on(
        'error',
        ignore,
      );
    const reason = 'its Host is somebody else, and its connection leads to the engine itself';
    throw new BulkheadError('BH_REGISTRY_REQUEST', { host: placeText(place), reason, contact });
  };
}

function addressesOf(
  { kind, text }: HostName,
  { loopback, isOwn }: Pick<OwnReach, 'loopback' | 'isOwn'>,
): readonly string[] {
  if (kind === 'name') return isLoopbackName(text) ? loopback : [];
  const address = parseIpAddress(text);
  return isLoopback(text) || (address !== undefined && isOwn(address)) ? [text] : [];
}

/** Told to whoever waits as well; without a listener it would end bulkheadd. */
function ignore(): void {}
