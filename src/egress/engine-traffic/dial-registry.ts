import { once } from 'node:events';
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { messageOf } from '../../common/cause.js';
import { type IpAddress, ipAddressText, parseIpAddress } from '../../common/ip-address.js';
import {
  addressKind,
  type ConnectPolicy,
  isAllowedByName,
  judge,
  type Who,
} from '../connect-access/index.js';
import type { ConnectFacts } from '../connect-decider/index.js';
import { dialAlong, type DialTarget, type Hop } from '../upstream-proxy/index.js';
import { type Place, placeText } from './place.js';

/** What is asked of the world to reach a registry. */
export interface DialFacts extends Pick<ConnectFacts, 'resolve' | 'wayOut'> {
  /** Opens a connection to an address; this machine's own TCP where absent. */
  readonly open?: (host: string, port: number, signal: AbortSignal) => Promise<Duplex>;
}

const engine: Who = { kind: 'engine' };

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
  const addresses = await openAddresses(policy, facts, { scheme, host, port }, signal);
  const [address] = addresses;
  if (address === undefined) throw new Error('it has no address that may be connected to');
  const { open = openTcp } = facts;
  const direct = (until: AbortSignal): Promise<Duplex> => firstOf(addresses, port, open, until);
  const hops = await waysOut(facts, { name, address, port, scheme });
  const target: DialTarget = {
    // Threat: a proxy finds addresses of a name itself, others than those that were judged.
    host: name !== undefined && isAllowedByName(policy, engine, name, port) ? name : ipAddressText(address),
    port,
  };
  return dialAlong(hops, target, { open, direct, signal });
}

/** Threat: whoever owns a name of a registry that is listed says what addresses it has, this machine's own among them. So each is judged. */
async function openAddresses(
  policy: ConnectPolicy,
  { resolve }: DialFacts,
  place: Place,
  signal: AbortSignal,
): Promise<readonly IpAddress[]> {
  const { host, port } = place;
  const name = host.kind === 'name' ? host.text : undefined;
  const literal = parseIpAddress(host.text);
  const found =
    name !== undefined ? (await resolve(name, signal)).addresses : literal === undefined ? [] : [literal];
  if (found.length === 0) throw new Error(`${placeText(place)} has no address`);
  const reached = found.filter((address) => addressKind(address) !== 'host');
  const judged = reached.map((address) => judge(policy, { who: engine, address, port }, name));
  const open = reached.filter((_, at) => judged[at]?.kind === 'permit');
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

async function firstOf(
  addresses: readonly IpAddress[],
  port: number,
  open: NonNullable<DialFacts['open']>,
  signal: AbortSignal,
): Promise<Duplex> {
  const failures: string[] = [];
  for (const address of addresses) {
    signal.throwIfAborted();
    try {
      return await open(ipAddressText(address), port, signal);
    } catch (error) {
      failures.push(messageOf(error));
    }
  }
  throw new Error(failures.join('; '));
}

async function openTcp(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  const socket = connect({ host, port, noDelay: true, autoSelectFamily: false });
  try {
    await once(socket, 'connect', { signal });
    return socket;
  } catch (error) {
    socket.on('error', () => undefined).destroy();
    throw error;
  }
}
