import { type IpAddress, ipAddressText } from '../../common/ip-address.js';
import {
  addressKind,
  type Connection,
  type ConnectPolicy,
  hostDialled,
  judge,
  type Target,
} from '../connect-access/index.js';
import { askedOfProxy } from './asked-of-proxy.js';
import type { ConnectFacts } from './facts.js';
import { type MadeConnection, refused, type RefusedConnection } from './verdict.js';
import { wayOf } from './way-of.js';

/**
 * What one connection goes to, by name. Threat: whoever owns a name gives it the address of a site while it is asked whether it is a registry, and that of one right after; or both, of which
 * the site answers and takes no connection then. So a name is looked up once for a connection, and where it was asked, the address that answered is the only one.
 */
export type FoundAddresses = Map<string, readonly IpAddress[]>;

/** By what a connection is decided. */
export interface Deciding {
  readonly policy: ConnectPolicy;
  readonly facts: Pick<ConnectFacts, 'resolve' | 'wayOut'>;
}

/** Threat: a name that had a public address when it was decided has a private one when it is dialled. So each address is judged again, and the client's own comes first. */
export async function addressesOf(
  { policy, facts }: Deciding,
  connection: Connection,
  target: Target,
  found: FoundAddresses,
): Promise<readonly IpAddress[] | RefusedConnection> {
  if (target.kind === 'address') return [target.address];
  if (target.kind === 'host') return [hostDialled];
  const known = found.get(target.name);
  if (known !== undefined) return known;
  const { who, port } = connection;
  const { addresses } = await facts.resolve(target.name);
  const judged = addresses.map((address) => ({
    address,
    said: judge(policy, { who, address, port }, target.name),
  }));
  const open = judged.flatMap(({ address, said }) =>
    said.kind === 'permit' && said.target.kind !== 'host' && addressKind(address) !== 'host' ? [address] : [],
  );
  const [denied] = judged.flatMap(({ said }) => (said.kind === 'refuse' ? [said.refusal] : []));
  if (open.length === 0 && denied !== undefined) return refused(denied);
  const own = ipAddressText(connection.address);
  open.sort((a, b) => Number(ipAddressText(b) === own) - Number(ipAddressText(a) === own));
  found.set(target.name, open);
  return open;
}

/** The connection to these addresses, by the way out the policy says. */
export async function madeTo(
  { policy, facts: { wayOut, resolve } }: Deciding,
  connection: Connection,
  target: Target,
  addresses: readonly IpAddress[],
): Promise<MadeConnection | RefusedConnection> {
  const { who, port } = connection;
  const dial = addresses.map((address) => ({ address: ipAddressText(address), port }));
  if (wayOut === undefined) return { kind: 'permit', dial, target };
  const address = addresses[0] ?? connection.address;
  const way = await wayOf({ wayOut, resolve }, connection, { target, address });
  if (way.kind === 'refuse') return refused(way.refusal);
  // Refused by that it is refused; but no proxy out there has this machine's loopback.
  if (target.kind === 'host') return { kind: 'permit', dial, target };
  const { hops } = way;
  const isDirect = hops.length === 1 && hops[0].kind === 'direct';
  if (isDirect) return { kind: 'permit', dial, target };
  return { kind: 'through', dial, target, hops, ask: askedOfProxy(policy, who, target, address) };
}
