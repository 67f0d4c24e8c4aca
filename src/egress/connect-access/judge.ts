import { type IpAddress, isWithin } from '../../common/ip-address.js';
import type { Connection, ConnectPolicy, Permission } from './connection.js';
import { isHostAddress, isHostName } from './host-loopback.js';
import { judgeHost } from './judge-host.js';
import { byRule, destinationText, mismatch, privateAddress, type Refused } from './refusals.js';
import { isListedFor, registriesCount } from './registry-barrier.js';
import type { CompiledRule } from './rule-bucket.js';
import type { RuleIndex } from './rule-index.js';
import { addressKind, reachedAddress } from './special-addresses.js';
import type { Who } from './who.js';

type Place = Pick<Connection, 'who' | 'address' | 'port'>;

/** Whether a connection to an address may be made as one to that name, or to the address alone; nothing of its bytes is asked here. */
export function judge(policy: ConnectPolicy, place: Place, name: string | undefined): Permission | Refused {
  const { network } = policy;
  const { who, port } = place;
  if (isHostAddress(place.address)) return judgeHost(policy, place);
  // Threat: a name server has the host's name lead elsewhere, where what is allowed of the host would be allowed.
  if (name !== undefined && isHostName(name)) return mismatch(policy, place, name);
  // Where nothing restricts anything, a connection goes where it was meant to go.
  if (network === undefined)
    return permit(
      place,
      registriesCount(policy, who) ? name : undefined,
      'bulkhead.networkAccess is not set',
    );
  if (isListedFor(policy, who, name, port)) return permit(place, name, 'bulkhead.registryAccess');
  const named = name === undefined ? undefined : network.forName(who, name, port);
  const rule = named ?? addressRule(network, place);
  const action = rule?.action ?? network.default;
  if (action === 'deny') return byRule(policy, who, destinationText(place, name), rule);
  if (named !== undefined && name !== undefined && !mayHave(policy, network, place, named))
    return privateAddress(policy, place, name);
  return permit(place, name, rule?.place ?? 'bulkhead.networkAccess.default');
}

/** Whether a connection to a name is allowed by what is said of that name, or because nothing is said of anything: not by rules about the addresses it has. */
export function isAllowedByName(policy: ConnectPolicy, who: Who, name: string, port: number): boolean {
  const { network } = policy;
  if (network === undefined || isListedFor(policy, who, name, port)) return true;
  return network.forName(who, name, port)?.action === 'allow';
}

/** Whether some name a client may still say could have it let through, so that it is worth waiting for; a refusal is told at once otherwise. */
export function mayBeNamed({ network, registries, isOwn }: ConnectPolicy, place: Place): boolean {
  const { who, address, port } = place;
  // The host is one place, whatever is asked for there.
  if (network === undefined || isHostAddress(address)) return false;
  if (who.kind === 'engine' && registries !== undefined) return true;
  if ((addressRule(network, place)?.action ?? network.default) === 'allow') return network.hasNames;
  const isPrivate = addressKind(address) !== 'public' || isOwn?.(address) === true;
  return network.allowsNames(who, port, isPrivate ? 'addressed' : 'all');
}

/**
 * Threat (DNS rebinding): whoever owns a name that is allowed says what addresses it has. So a name opens no private address that would not be open without it, unless its rule says so; nor one
 * of this machine, whose own connections no firewall of its looks at.
 */
function mayHave({ isOwn }: ConnectPolicy, network: RuleIndex, place: Place, rule: CompiledRule): boolean {
  const { address } = place;
  if (addressKind(address) === 'public' && isOwn?.(address) !== true) return true;
  if (rule.addresses.some((each) => isWithin(address, each))) return true;
  return (addressRule(network, place)?.action ?? network.default) === 'allow';
}

/** Threat: an IPv4 address that is denied is reached by one of IPv6, where the network translates. So what denies the one denies the other. */
function addressRule(network: RuleIndex, { who, address, port }: Place): CompiledRule | undefined {
  const reached = reachedAddress(address);
  const inside = reached === address ? undefined : network.forAddress(who, reached, port);
  if (inside?.action === 'deny') return inside;
  return network.forAddress(who, address, port) ?? network.forEvery(who, port);
}

function permit(
  { address, port }: { address: IpAddress; port: number },
  name: string | undefined,
  because: string,
): Permission {
  const target =
    name === undefined
      ? ({ kind: 'address', address, port } as const)
      : ({ kind: 'name', name, port } as const);
  return { kind: 'permit', target, because };
}
