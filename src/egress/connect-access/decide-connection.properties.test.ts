import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type IpAddress, ipAddressText, parseIpAddress } from '../../common/ip-address.js';
import { networkAccessSchema } from '../../policy/index.js';
import type { FirstBytes } from '../first-bytes/index.js';
import {
  addressKind,
  type Connection,
  type ConnectDecision,
  type ConnectPolicy,
  decideConnection,
  type HostLoopback,
  hostLoopbacks,
  isHostAddress,
  RuleIndex,
  type Who,
} from './index.js';

const texts = [
  '203.0.113.1',
  '203.0.113.2',
  '10.0.0.5',
  '127.0.0.1',
  // The loopback of the host.
  '203.0.113.252',
  '169.254.169.254',
  '2001:db8::1',
  'fd00::1',
];
const address = fc.constantFrom(...texts).map((text): IpAddress => {
  const parsed = parseIpAddress(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
});
const name = fc.constantFrom('a.example', 'b.example', 'x.b.example', 'other', 'host.docker.internal');
const names = fc.uniqueArray(name, { maxLength: 3 });
const port = fc.constantFrom(80, 443, 22);
const who = fc.constantFrom<Who>(
  { kind: 'engine' },
  { kind: 'build' },
  {
    kind: 'container',
    id: 'c'.repeat(64),
    name: 'web',
    image: ['docker.io/library/node:22'],
    labels: { team: 'web' },
  },
);
const host = fc.oneof(name, fc.constantFrom(...texts));
const first = fc.oneof(
  fc.record({
    kind: fc.constant('tls' as const),
    serverName: name,
    alpn: fc.constant([]),
    encrypted: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('http' as const),
    method: fc.constant('GET'),
    form: fc.constantFrom('origin' as const, 'absolute' as const, 'authority' as const),
    authority: fc.record({ host, port }),
  }),
  fc.constantFrom<FirstBytes>(
    { kind: 'other' },
    { kind: 'http2' },
    { kind: 'forwarding', protocol: 'SOCKS 5' },
    { kind: 'tls', alpn: [], encrypted: false },
    { kind: 'more', like: 'anything' },
    { kind: 'more', like: 'tls' },
    { kind: 'malformed', protocol: 'tls', reason: 'x' },
  ),
);
const connection = fc.record(
  {
    who,
    address,
    port,
    names,
    first,
    waited: fc.boolean(),
    resolved: fc.record({ name, addresses: fc.array(address, { maxLength: 2 }) }),
    isRegistry: fc.constantFrom(true, false, 'unsaid' as const),
  },
  { requiredKeys: ['who', 'address', 'port', 'names'] },
);

const to = fc.oneof(
  host,
  fc.constantFrom('*', '*.example', '*.b.example', '203.0.113.0/24', '10.0.0.0/8', '0.0.0.0/0', '::/0'),
);
const rule = fc.oneof(
  fc.record(
    { to, action: fc.constantFrom('allow', 'deny'), ports: fc.constantFrom('443', '80,443', '*') },
    { requiredKeys: ['to', 'action'] },
  ),
  fc.record(
    {
      to,
      action: fc.constant('allow'),
      addresses: fc.constant(['10.0.0.0/8']),
      images: fc.constant(['node:*']),
    },
    { requiredKeys: ['to', 'action', 'addresses'] },
  ),
);
const rules = fc.array(rule, { maxLength: 6 });
const standard = fc.constantFrom('allow' as const, 'deny' as const);
/** What of `a.example` and `x.b.example` is admitted, and which of them is known to be a registry, where images are restricted. */
const images = fc.option(
  fc.record({
    admitted: fc.constantFrom(undefined, 'a.example', 'x.b.example'),
    known: fc.constantFrom(undefined, 'a.example', 'x.b.example'),
  }),
  { nil: undefined },
);
const loopback = fc.constantFrom<HostLoopback | undefined>(undefined, ...hostLoopbacks);
const listed = fc.option(fc.constantFrom('a.example', 'x.b.example'), { nil: undefined });

function policyOf(
  access: unknown,
  registry: string | undefined,
  whole?: { readonly admitted: string | undefined; readonly known: string | undefined },
): ConnectPolicy {
  const network = new RuleIndex(networkAccessSchema.parse(access));
  return {
    network,
    contact: 'x',
    ...(registry === undefined ? {} : { registries: { lists: (asked) => asked === registry } }),
    ...(whole === undefined
      ? {}
      : {
          images: {
            of: (asked) => ({
              admitted: asked === whole.admitted,
              isKnown: asked === whole.known,
              place: 'p',
            }),
          },
        }),
  };
}

/** Whatever it leads to, directly or while the first bytes are waited for. */
function targetOf(decision: ConnectDecision) {
  if (decision.kind === 'permit' || decision.kind === 'ask-registry') return decision.target;
  return decision.kind === 'look' ? decision.dial : undefined;
}

function assertAlways(
  check: (connection: Connection, decision: ConnectDecision, policy: ConnectPolicy) => boolean,
): void {
  fc.assert(
    fc.property(
      connection,
      standard,
      rules,
      listed,
      images,
      loopback,
      (asked, standard, rules, registry, whole, hostLoopback) => {
        const policy = {
          ...policyOf({ default: standard, rules }, registry, whole),
          ...(hostLoopback === undefined ? {} : { hostLoopback }),
        };
        expect(check(asked, decideConnection(policy, asked), policy)).toBe(true);
      },
    ),
    { numRuns: 10_000 },
  );
}

describe('whatever the policy says and the client does', () => {
  test('what is dialled is the address that was meant, or a name that is known to have it', () => {
    assertAlways(({ address, names, resolved, port }, decision) => {
      const target = targetOf(decision);
      if (target === undefined) return true;
      if (target.kind === 'host') return target.port === port && isHostAddress(address);
      const same = (each: IpAddress): boolean => ipAddressText(each) === ipAddressText(address);
      const known =
        target.kind === 'name' &&
        (names.includes(target.name) || (resolved?.name === target.name && resolved.addresses.some(same)));
      return target.port === port && (target.kind === 'address' ? same(target.address) : known);
    });
  });

  test('the machine itself is never reached', () => {
    assertAlways(({ address }, decision) => addressKind(address) !== 'host' || decision.kind === 'refuse');
  });

  test('the loopback of the host is reached by its own address alone, and nothing else is by that', () => {
    assertAlways(({ address }, decision, { hostLoopback }) => {
      const dialled = targetOf(decision);
      if (!isHostAddress(address)) return dialled?.kind !== 'host';
      return dialled === undefined || (dialled.kind === 'host' && hostLoopback === 'open');
    });
  });

  test('what is not in order is never forwarded, nor what is left half said', () => {
    assertAlways(({ first, waited }, decision) => {
      const half = first?.kind === 'more' && first.like !== 'anything' && waited === true;
      return (first?.kind !== 'malformed' && !half) || decision.kind === 'refuse';
    });
  });

  test('what is dialled before there are bytes is what a client without a name is let through to', () => {
    assertAlways((asked, decision, policy) => {
      if (decision.kind !== 'look' || decision.dial === undefined) return true;
      const later = decideConnection(policy, { ...asked, first: { kind: 'other' } });
      return (
        later.kind === 'permit' &&
        JSON.stringify(target(later.target)) === JSON.stringify(target(decision.dial))
      );
    });
  });

  test('what is refused before there are bytes no bytes would have let through', () => {
    fc.assert(
      fc.property(connection, standard, rules, listed, images, (asked, standard, rules, registry, whole) => {
        const policy = policyOf({ default: standard, rules }, registry, whole);
        const { first: _first, waited: _waited, ...silent } = asked;
        if (decideConnection(policy, silent).kind !== 'refuse') return;
        expect(['refuse', 'resolve']).toContain(decideConnection(policy, asked).kind);
        const said = asked.resolved?.name ?? 'a.example';
        const first = { kind: 'tls' as const, serverName: said, alpn: [], encrypted: false };
        const address = asked.address;
        const known = { ...asked, first, resolved: { name: said, addresses: [address] } };
        expect(decideConnection(policy, known).kind).toBe('refuse');
      }),
      { numRuns: 10_000 },
    );
  });

  test('a registry that is not listed, or of which not all is admitted, is reached by no container', () => {
    assertAlways(({ who, first, isRegistry, port }, decision, { registries, images }) => {
      if (who.kind === 'engine' || decision.kind !== 'permit') return true;
      const spoken =
        first?.kind === 'tls' ||
        first?.kind === 'http2' ||
        (first?.kind === 'http' && first.form === 'origin');
      const host = decision.target.kind === 'name' ? decision.target.name : '';
      const said = images?.of(host, port);
      const isOne = isRegistry === true || said?.isKnown === true;
      return !spoken || !isOne || (registries?.lists(host) !== false && said?.admitted !== false);
    });
  });

  test('a policy that allows nothing lets nothing through but the engine to listed registries', () => {
    fc.assert(
      fc.property(connection, listed, images, (asked, registry, whole) => {
        const decision = decideConnection(
          policyOf({ default: 'deny', rules: [{ to: '*', action: 'deny' }] }, registry, whole),
          asked,
        );
        const dialled = targetOf(decision);
        const byListing =
          asked.who.kind === 'engine' && dialled?.kind === 'name' && dialled.name === registry;
        expect(dialled === undefined || byListing).toBe(true);
      }),
      { numRuns: 10_000 },
    );
  });

  test('a name that is denied to everybody is asked for in vain, by whatever address', () => {
    fc.assert(
      fc.property(connection, standard, name, (asked, standard, denied) => {
        const rules = [
          { to: denied, action: 'deny' },
          { to: '*.example', action: 'allow' },
        ];
        const said = {
          ...asked,
          first: { kind: 'tls' as const, serverName: denied, alpn: [], encrypted: false },
        };
        expect(decideConnection(policyOf({ default: standard, rules }, undefined), said).kind).toBe('refuse');
      }),
      { numRuns: 5000 },
    );
  });
});

function target(each: NonNullable<ReturnType<typeof targetOf>>): readonly (string | number)[] {
  if (each.kind === 'host') return ['host', each.port];
  return each.kind === 'name' ? [each.name, each.port] : [ipAddressText(each.address), each.port];
}
