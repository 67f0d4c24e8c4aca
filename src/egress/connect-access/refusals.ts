import { ipAddressText } from '../../common/ip-address.js';
import type { Connection, ConnectDecision, ConnectPolicy, Refusal } from './connection.js';
import type { LoopbackClosed } from './host-loopback.js';
import type { CompiledRule } from './rule-bucket.js';
import type { Who } from './who.js';

export type Refused = Extract<ConnectDecision, { kind: 'refuse' }>;

type Facts = Pick<Connection, 'who' | 'address' | 'port'>;

const refused = (code: Refusal['code'], params: Refusal['params']): Refused => ({
  kind: 'refuse',
  refusal: { code, params },
});

export function whoText(who: Who): string {
  if (who.kind === 'container') return `The container ${who.name === '' ? who.id.slice(0, 12) : who.name}`;
  return who.kind === 'engine' ? 'The engine' : 'A step of a build';
}

/** `example.com:443`, `10.0.0.5:443`, `[fd00::1]:443`. */
export function hostAndPort(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** As people read it: the name with the address it has. */
export function destinationText({ address, port }: Facts, name: string | undefined): string {
  const plain = hostAndPort(ipAddressText(address), port);
  return name === undefined ? plain : `${hostAndPort(name, port)} (${ipAddressText(address)})`;
}

export function byRule(
  { contact }: ConnectPolicy,
  who: Who,
  destination: string,
  rule: CompiledRule | undefined,
): Refused {
  return refused('BH_NETWORK_ACCESS', {
    who: whoText(who),
    destination,
    because: rule === undefined ? 'no rule names it' : `the policy denies ${rule.to}`,
    setting: rule?.place ?? 'bulkhead.networkAccess.default',
    contact,
  });
}

export function mismatch({ contact }: ConnectPolicy, facts: Facts, said: string): Refused {
  const { who, address } = facts;
  return refused('BH_NETWORK_NAME', {
    who: whoText(who),
    destination: destinationText(facts, undefined),
    name: said,
    address: ipAddressText(address),
    contact,
  });
}

/** Why what a client says first is looked at. */
function lookedAtFor({ network, registries, images }: ConnectPolicy): string {
  if (network !== undefined) return 'bulkhead.networkAccess';
  if (registries !== undefined) return 'bulkhead.registryAccess';
  return images === undefined ? 'containersProxy' : 'bulkhead.imageAccess';
}

export function undecided(policy: ConnectPolicy): Refusal {
  const { contact } = policy;
  return { code: 'BH_NETWORK_UNDECIDED', params: { setting: lookedAtFor(policy), contact } };
}

export function notInOrder(policy: ConnectPolicy, facts: Facts, protocol: string, reason: string): Refused {
  const destination = destinationText(facts, undefined);
  return refused('BH_NETWORK_FIRST_BYTES', {
    who: whoText(facts.who),
    destination,
    protocol,
    reason,
    setting: lookedAtFor(policy),
    contact: policy.contact,
  });
}

export function privateAddress({ contact }: ConnectPolicy, facts: Facts, name: string): Refused {
  const address = ipAddressText(facts.address);
  return refused('BH_NETWORK_PRIVATE', { who: whoText(facts.who), name, address, contact });
}

export function hostAddress({ contact }: ConnectPolicy, facts: Facts): Refused {
  const destination = destinationText(facts, undefined);
  return refused('BH_NETWORK_HOST', { who: whoText(facts.who), destination, contact });
}

export function hostLoopback(
  { contact }: ConnectPolicy,
  who: Who,
  destination: string,
  { setting, because }: LoopbackClosed,
): Refused {
  return refused('BH_NETWORK_LOOPBACK', { who: whoText(who), destination, because, setting, contact });
}

export function outsideProxy({ contact }: ConnectPolicy, facts: Facts, asked: string): Refused {
  const destination = destinationText(facts, undefined);
  return refused('BH_NETWORK_PROXY', { who: whoText(facts.who), destination, asked, contact });
}

export function registry({ contact }: ConnectPolicy, { who }: Facts, host: string): Refused {
  return refused('BH_NETWORK_REGISTRY', { who: whoText(who), host, contact });
}

export function unsaidRegistry(policy: ConnectPolicy, { who }: Facts, host: string): Refused {
  const setting = policy.registries === undefined ? 'bulkhead.imageAccess' : 'bulkhead.registryAccess';
  return refused('BH_NETWORK_REGISTRY_UNSAID', { who: whoText(who), host, setting, contact: policy.contact });
}

/** @param place what of the policy leaves out some of its images. */
export function ofPartlyAdmitted(
  { contact }: ConnectPolicy,
  { who }: Facts,
  host: string,
  place: string,
): Refused {
  return refused('BH_NETWORK_IMAGES', { who: whoText(who), host, setting: place, contact });
}
