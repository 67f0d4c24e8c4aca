import { ipAddressText, parseIpAddress } from '../../common/ip-address.js';
import { isLoopbackName } from '../../common/loopback.js';
import type { Authority, FirstBytes } from '../first-bytes/index.js';
import type { Connection, ConnectDecision, ConnectPolicy, Permission, Target } from './connection.js';
import { hostDialled, hostName, isHostAddress, isHostName } from './host-loopback.js';
import { judge, mayBeNamed } from './judge.js';
import * as refusals from './refusals.js';
import { registriesCount, registryBarrier } from './registry-barrier.js';
import { addressKind } from './special-addresses.js';

type Complete = Exclude<FirstBytes, { kind: 'more' }>;

/** Whether a connection may be made, and to what; pure. Asked again with what it asked for. */
export function decideConnection(policy: ConnectPolicy, asked: Connection): ConnectDecision {
  // The host is one place, whatever was resolved to its address, and no other address is that.
  const names = isHostAddress(asked.address) ? [hostName] : asked.names.filter((name) => !isHostName(name));
  const connection = { ...asked, names };
  if (addressKind(connection.address) === 'host') return refusals.hostAddress(policy, connection);
  const { first = nothing, waited = false } = connection;
  if (first.kind !== 'more') return withBytes(policy, connection, first);
  if (!waited) return beforeBytes(policy, connection);
  if (first.like !== 'anything')
    return refusals.notInOrder(policy, connection, first.like, 'it does not go on');
  const decision = beforeBytes(policy, connection);
  return decision.kind === 'look' && decision.dial === undefined ? withoutName(policy, connection) : decision;
}

const nothing: FirstBytes = { kind: 'more', like: 'anything' };

/** A refusal at once where no bytes could change it, and nothing to wait for where they say nothing that counts. */
function beforeBytes(policy: ConnectPolicy, connection: Connection): ConnectDecision {
  const unnamed = withoutName(policy, connection);
  if (unnamed.kind === 'refuse') return mayBeNamed(policy, connection) ? { kind: 'look' } : unnamed;
  const namesCount = policy.network?.hasNames === true;
  const isAsked = connection.who.kind !== 'engine' && registriesCount(policy, connection.who);
  return namesCount || isAsked ? { kind: 'look', dial: unnamed.target } : unnamed;
}

function withBytes(policy: ConnectPolicy, connection: Connection, first: Complete): ConnectDecision {
  switch (first.kind) {
    case 'malformed':
      return refusals.notInOrder(policy, connection, first.protocol, first.reason);
    case 'other':
      return withoutName(policy, connection);
    case 'forwarding':
      return byForwarder(policy, connection, first.protocol);
    case 'http2':
      return unlessRegistry(policy, connection, withoutName(policy, connection), { scheme: 'http' });
    case 'tls':
      return unlessRegistry(policy, connection, ofTls(policy, connection, first), {
        scheme: 'https',
        said: first.serverName,
      });
    case 'http':
      if (first.form === 'absolute' || first.form === 'authority')
        return throughProxy(policy, connection, first);
      return unlessRegistry(policy, connection, withName(policy, connection, first.authority?.host), {
        scheme: 'http',
        said: first.authority?.host,
      });
  }
}

/**
 * What says no name: allowed by the address, or as one of the names that were resolved to it. A name that is denied is a reason against it, because the address is that name's as well.
 */
function withoutName(policy: ConnectPolicy, connection: Connection): Permission | refusals.Refused {
  if (connection.names.length === 0) return judge(policy, connection, undefined);
  const judged = connection.names.map((name) => judge(policy, connection, name));
  const { network } = policy;
  const denied = connection.names.findIndex(
    (name) => network?.forName(connection.who, name, connection.port)?.action === 'deny',
  );
  return (
    judged[denied] ??
    judged.find(({ kind }) => kind === 'permit') ??
    judged[0] ??
    judge(policy, connection, undefined)
  );
}

function ofTls(
  policy: ConnectPolicy,
  connection: Connection,
  { serverName, encrypted }: Extract<FirstBytes, { kind: 'tls' }>,
): ConnectDecision {
  const decision = withName(policy, connection, serverName);
  // The name inside is another of those that have this address, for all we know.
  if (!encrypted || decision.kind !== 'permit') return decision;
  return (
    connection.names.map((name) => judge(policy, connection, name)).find(({ kind }) => kind === 'refuse') ??
    decision
  );
}

/** The name that is asked for must be one that this client resolved to this address, or one of which the gateway finds that itself. */
function withName(policy: ConnectPolicy, connection: Connection, said: string | undefined): ConnectDecision {
  if (said === undefined) return withoutName(policy, connection);
  const { network } = policy;
  const { who, address, port, names, resolved } = connection;
  if (network === undefined && !registriesCount(policy, who)) return judge(policy, connection, undefined);
  if (isHostAddress(address)) {
    // What the host calls what listens there is its own affair; what nobody may ask for is not asked for there either.
    const rule = network?.forName(who, said, port);
    if (rule?.action === 'deny') return refusals.byRule(policy, who, refusals.hostAndPort(said, port), rule);
    return withoutName(policy, connection);
  }
  if (parseIpAddress(said) !== undefined)
    return said === ipAddressText(address)
      ? withoutName(policy, connection)
      : refusals.mismatch(policy, connection, said);
  const judged = judge(policy, connection, said);
  if (names.includes(said)) return judged;
  if (judged.kind === 'refuse' && network?.forName(who, said, port)?.action === 'deny') return judged;
  // A rule that opens the address opens it under whatever name.
  const byAddress = network?.forAddress(who, address, port);
  if (byAddress?.action === 'allow') return judge(policy, connection, undefined);
  if (judged.kind === 'refuse') return judged;
  if (resolved?.name !== said) return { kind: 'resolve', name: said };
  const agrees = resolved.addresses.some((each) => ipAddressText(each) === ipAddressText(address));
  return agrees ? judged : refusals.mismatch(policy, connection, said);
}

/** Threat: what a proxy out there is asked for is decided by nobody. So both must be allowed, and the proxy by a rule that names it. */
function throughProxy(
  policy: ConnectPolicy,
  connection: Connection,
  { authority }: { readonly authority?: Authority },
): ConnectDecision {
  const { network } = policy;
  const { who, address, port, names } = connection;
  const decision = withoutName(policy, connection);
  const restricted = network !== undefined || registriesCount(policy, who);
  if (decision.kind === 'refuse' || authority === undefined || !restricted) return decision;
  // A server may be asked in the form that is for proxies as well (RFC 9112 §3.2.2). Threat: a proxy is asked for another port of its own machine.
  const isItsOwn = names.includes(authority.host) || authority.host === ipAddressText(address);
  if (isItsOwn && (authority.port ?? 80) === port)
    return unlessRegistry(policy, connection, withName(policy, connection, authority.host), {
      scheme: 'http',
      said: authority.host,
    });
  const asked = refusals.hostAndPort(authority.host, authority.port ?? 80);
  if (!isNamedProxy(policy, connection)) return refusals.outsideProxy(policy, connection, asked);
  return asJudged(policy, connection, authority) ?? decision;
}

/** Whether a rule allows it by its name, or its address. */
function isNamedProxy({ network }: ConnectPolicy, { who, names, address, port }: Connection): boolean {
  const named = names.some((name) => network?.forName(who, name, port)?.action === 'allow');
  if (named || isHostAddress(address)) return named;
  return network?.forAddress(who, address, port)?.action === 'allow';
}

/** Threat: whom it is to connect to is told behind this, and could be any registry. Nobody reads on, so it must be a proxy the policy itself names. */
function byForwarder(policy: ConnectPolicy, connection: Connection, protocol: string): ConnectDecision {
  const decision = withoutName(policy, connection);
  if (decision.kind === 'refuse' || !registriesCount(policy, connection.who)) return decision;
  if (isNamedProxy(policy, connection)) return decision;
  return refusals.outsideProxy(policy, connection, `somebody else (${protocol})`);
}

/**
 * Threat: a proxy on the loopback of the host is asked for another service there, by one of the names that has there.
 *
 * @returns the refusal, where what a proxy is asked for is not allowed. Its address nobody here knows, so a rule must allow the name, or the address that is asked for.
 */
function asJudged(
  policy: ConnectPolicy,
  { who }: Connection,
  { host: asked, port = 80 }: Authority,
): refusals.Refused | undefined {
  const { network } = policy;
  const host = isHostName(asked) ? hostName : asked;
  const address = isLoopbackName(host) ? hostDialled : parseIpAddress(host);
  if (address !== undefined) {
    if (addressKind(address) === 'host') return refusals.hostAddress(policy, { who, address, port });
    const judged = judge(policy, { who, address, port }, undefined);
    return judged.kind === 'refuse' ? judged : registryByProxy(policy, { who, address, port }, host);
  }
  const rule = network?.forName(who, host, port) ?? network?.forEvery(who, port);
  if ((rule?.action ?? network?.default) === 'deny')
    return refusals.byRule(policy, who, refusals.hostAndPort(host, port), rule);
  return registryByProxy(policy, { who, address: { family: 4, value: 0n }, port }, host);
}

/** By a proxy nobody can be asked whether it is a registry. */
function registryByProxy(
  policy: ConnectPolicy,
  facts: Pick<Connection, 'who' | 'address' | 'port'>,
  host: string,
): refusals.Refused | undefined {
  const barrier = registryBarrier(policy, facts, host);
  if (barrier === undefined || barrier.isKnown) return barrier?.refused;
  const isNamed = policy.network?.forName(facts.who, host, facts.port)?.action === 'allow';
  return isNamed ? undefined : barrier.refused;
}

/**
 * Where rules about registries or images are in force, what they do not leave open must be none. Of the engine's requests each is decided by itself. Threat: a server of many names is a registry by one of them, or
 * to whoever says none, and the name a client has resolved is another: so it is asked as the client asks it.
 */
function unlessRegistry(
  policy: ConnectPolicy,
  connection: Connection,
  decision: ConnectDecision,
  { scheme, said }: { readonly scheme: 'http' | 'https'; readonly said?: string | undefined },
): ConnectDecision {
  if (decision.kind !== 'permit' || connection.who.kind === 'engine') return decision;
  const { target } = decision;
  const { port } = target;
  const host = hostOf(target);
  const barrier = registryBarrier(policy, connection, host);
  if (barrier === undefined) return decision;
  if (barrier.isKnown || connection.isRegistry === true) return barrier.refused;
  if (connection.isRegistry === false) return decision;
  if (connection.isRegistry === 'unsaid') return refusals.unsaidRegistry(policy, connection, said ?? host);
  const named = said !== undefined && parseIpAddress(said) === undefined;
  const hosts = named ? [said] : [...new Set([host, ipAddressText(connection.address)])];
  return { kind: 'ask-registry', target, scheme, hosts, port };
}

function hostOf(target: Target): string {
  if (target.kind === 'host') return hostName;
  return target.kind === 'name' ? target.name : ipAddressText(target.address);
}
