import type { Duplex } from 'node:stream';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { type IpAddress, ipAddressText, parseIpAddress } from '../../common/ip-address.js';
import {
  addressKind,
  type ConnectPolicy,
  hostDialled,
  isHostName,
  judge,
  type Who,
} from '../connect-access/index.js';
import { askedOfProxy, type ConnectFacts } from '../connect-decider/index.js';
import { dialAlong, type Hop, openFirst, openTcp } from '../upstream-proxy/index.js';
import { type Place, placeText } from './place.js';

/** What is asked of the world to reach a registry. */
export interface DialFacts extends Pick<ConnectFacts, 'resolve' | 'wayOut'> {
  /** Opens a connection to an address; this machine's own TCP where absent. */
  readonly open?: (host: string, port: number, signal: AbortSignal) => Promise<Duplex>;
}

const engine: Who = { kind: 'engine' };

const openOwn: NonNullable<DialFacts['open']> = (host, port, signal) =>
  openTcp(host, port, signal, { autoSelectFamily: false });

/**
 * Connects to a registry for the engine: to addresses the gateway itself finds for its name, by the rules for connections, and along the way the policy says.
 *
 * @throws BulkheadError the refusal of a rule; anything else where it is not reached.
 */
export async function dialRegistry(
  policy: ConnectPolicy,
  facts: DialFacts,
  { scheme, host, port }: Place,
  signal: AbortSignal,
): Promise<Duplex> {
  const name = host.kind === 'name' ? host.text : undefined;
  const addresses = await openAddresses(policy, facts, { scheme, host, port });
  const [address] = addresses;
  if (address === undefined) throw new Error('it has no address that may be connected to');
  const { open = openOwn } = facts;
  const direct = (until: AbortSignal): Promise<Duplex> =>
    openFirst(addresses, (each) => open(ipAddressText(each), port, until), until);
  const hops = await waysOut(facts, { name, address, port, scheme });
  // No proxy out there has this machine's loopback.
  if (address === hostDialled) return direct(signal);
  const target =
    name === undefined
      ? ({ kind: 'address', address, port } as const)
      : ({ kind: 'name', name, port } as const);
  return dialAlong(hops, askedOfProxy(policy, engine, target, address), { open, direct, signal });
}

/** Threat: whoever owns a name of a registry that is listed says what addresses it has, this machine's own among them. So each is judged. */
async function openAddresses(
  policy: ConnectPolicy,
  { resolve }: DialFacts,
  place: Place,
): Promise<readonly IpAddress[]> {
  const { host, port } = place;
  const name = host.kind === 'name' ? host.text : undefined;
  const literal = parseIpAddress(host.text);
  const found = name !== undefined ? (await resolve(name)).addresses : literal === undefined ? [] : [literal];
  if (found.length === 0) throw new Error(`${placeText(place)} has no address`);
  const reached = found.filter((address) => addressKind(address) !== 'host');
  const judged = reached.map((address) => judge(policy, { who: engine, address, port }, name));
  // Threat: the loopback is reached by whatever name has the address that stands for it, and then beside the proxies that name goes by. So it is by a name of its own alone.
  const isHost = name === undefined || isHostName(name);
  const open = reached.flatMap((address, at) => {
    const said = judged[at];
    if (said?.kind !== 'permit') return [];
    if (said.target.kind !== 'host') return [address];
    return isHost ? [hostDialled] : [];
  });
  const [refused] = judged.flatMap((said) => (said.kind === 'refuse' ? [said.refusal] : []));
  if (open.length === 0 && refused !== undefined) throw new BulkheadError(refused.code, refused.params);
  return open;
}

interface Wanted {
  readonly name: string | undefined;
  readonly address: IpAddress;
  readonly port: number;
  readonly scheme: Place['scheme'];
}

async function waysOut(
  { wayOut }: DialFacts,
  { name, address, port, scheme }: Wanted,
): Promise<readonly Hop[]> {
  if (wayOut === undefined) return [{ kind: 'direct' }];
  const first =
    scheme === 'https'
      ? ({ kind: 'tls', alpn: [], encrypted: false } as const)
      : ({ kind: 'http', method: 'GET', form: 'origin' } as const);
  const named = name === undefined ? {} : { name };
  const way = await wayOut({ who: engine, address, port, first, ...named });
  if (way.kind === 'refuse') throw new BulkheadError(way.refusal.code, way.refusal.params);
  return way.hops;
}
