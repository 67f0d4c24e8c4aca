import { describe, expect, test } from 'vitest';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { ipAddressText } from '../../common/ip-address.js';
import type { FirstBytes } from '../first-bytes/index.js';
import {
  allow,
  type Asked,
  contact,
  decide,
  deny,
  http,
  other,
  outcome,
  policyOf,
  proxied,
  tls,
} from './decide.test-support.js';
import type { ConnectPolicy } from './index.js';

describe('without a policy', () => {
  test('everything is let through at once, to the address that was meant', () => {
    expect(outcome({ contact }, '203.0.113.5')).toBe('permit 203.0.113.5:443');
    expect(outcome({ contact }, '203.0.113.5', { names: ['a.example'], first: tls('b.example') })).toBe(
      'permit 203.0.113.5:443',
    );
  });

  test.each([
    '127.0.0.1',
    '0.0.0.0',
    '169.254.169.254',
    '::1',
    '::',
    'fe80::1',
    '224.0.0.1',
    '255.255.255.255',
    '::ffff:127.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    // Where clouds answer their machines, among addresses that are others'.
    'fd00:ec2::254',
    'fd20:ce::254',
    'fd00:c1::a9fe:a9fe',
    '168.63.129.16',
    '192.0.0.192',
    '100.100.100.200',
    'fd00:100::100:200',
    'fd00:42::42',
    'fd00:a9fe:a9fe::1',
    '64:ff9b::6464:64c8',
  ])('but not the machine itself by %s', (address) => {
    expect(outcome({ contact }, address)).toBe('BH_NETWORK_HOST');
  });
});

describe('by the name', () => {
  const policy = policyOf('deny', allow('a.example:443'), allow('*.b.example:443'), deny('bad.b.example'));
  const at = (names: readonly string[], first?: FirstBytes, more: Asked = {}): string =>
    outcome(policy, '203.0.113.5', { names, ...(first === undefined ? {} : { first }), ...more });

  test.each<[string, readonly string[], FirstBytes, string]>([
    ['SNI and name agree', ['a.example'], tls('a.example'), 'permit a.example:443'],
    ['a name below', ['x.b.example'], tls('x.b.example'), 'permit x.b.example:443'],
    ['the domain itself is not below it', ['b.example'], tls('b.example'), 'BH_NETWORK_ACCESS'],
    ['the more specific denies', ['bad.b.example'], tls('bad.b.example'), 'BH_NETWORK_ACCESS'],
    [
      'another name of the same address',
      ['a.example', 'x.b.example'],
      tls('x.b.example'),
      'permit x.b.example:443',
    ],
    ['no SNI', ['a.example'], tls(), 'permit a.example:443'],
    ['Host', ['a.example'], http('a.example'), 'permit a.example:443'],
    ['no Host', ['a.example'], http(), 'permit a.example:443'],
    ['another protocol', ['a.example'], other, 'permit a.example:443'],
    ['HTTP/2 without TLS', ['a.example'], { kind: 'http2' }, 'permit a.example:443'],
    [
      'another protocol, where one of the names is denied',
      ['a.example', 'bad.b.example'],
      other,
      'BH_NETWORK_ACCESS',
    ],
    ['an SNI that is not allowed', ['a.example'], tls('c.example'), 'BH_NETWORK_ACCESS'],
    ['an SNI that was not resolved is looked up', ['a.example'], tls('x.b.example'), 'resolve x.b.example'],
    ['and so is a Host', [], http('a.example'), 'resolve a.example'],
    ['an address for a Host, another', ['a.example'], http('203.0.113.6'), 'BH_NETWORK_NAME'],
    ['an address for a Host, the same', ['a.example'], http('203.0.113.5'), 'permit a.example:443'],
    ['an address alone', [], other, 'BH_NETWORK_ACCESS'],
    [
      'an encrypted name among allowed ones',
      ['a.example', 'x.b.example'],
      tls('a.example', true),
      'permit a.example:443',
    ],
    [
      'an encrypted name that may be a denied one',
      ['a.example', 'bad.b.example'],
      tls('a.example', true),
      'BH_NETWORK_ACCESS',
    ],
    [
      'garbage that begins like TLS',
      ['a.example'],
      { kind: 'malformed', protocol: 'tls', reason: 'x' },
      'BH_NETWORK_FIRST_BYTES',
    ],
  ])('%s', (_what, names, first, expected) => {
    expect(at(names, first)).toBe(expected);
  });

  test('what the gateway resolves itself counts, what the container says does not', () => {
    const first = tls('a.example');
    expect(at([], first, { resolved: ['a.example', '203.0.113.9', '203.0.113.5'] })).toBe(
      'permit a.example:443',
    );
    expect(at([], first, { resolved: ['a.example', '203.0.113.9'] })).toBe('BH_NETWORK_NAME');
    expect(at([], first, { resolved: ['a.example'] })).toBe('BH_NETWORK_NAME');
    // The answer to another question is none.
    expect(at([], first, { resolved: ['b.example', '203.0.113.5'] })).toBe('resolve a.example');
  });

  test('before there are bytes they are waited for, and a server that speaks first is dialled meanwhile', () => {
    expect(at(['a.example'])).toBe('look a.example:443');
    expect(at(['c.example'])).toBe('look');
    expect(at(['a.example'], { kind: 'more', like: 'tls' })).toBe('look a.example:443');
    // A client that never says anything learns nothing but what the server says.
    expect(at(['a.example'], undefined, { waited: true })).toBe('look a.example:443');
    expect(at(['c.example'], undefined, { waited: true })).toBe('BH_NETWORK_ACCESS');
    expect(at(['a.example'], { kind: 'more', like: 'http' }, { waited: true })).toBe(
      'BH_NETWORK_FIRST_BYTES',
    );
  });

  test('nor is anything waited for where no name that is listed could help', () => {
    const named = policyOf(
      'deny',
      allow('a.example:443'),
      allow('inside.example:443,8000-8999', { addresses: ['10.0.0.0/8'] }),
      allow('b.example:22', { images: ['python'] }),
    );
    expect(outcome(named, '203.0.113.5')).toBe('look');
    for (const port of [80, 22, 442, 444])
      expect(outcome(named, '203.0.113.5', { port })).toBe('BH_NETWORK_ACCESS');
    expect(outcome(named, '203.0.113.5', { port: 8500 })).toBe('look');
    // A rule opens a private address for a name where it says so.
    expect(outcome(named, '10.0.0.5')).toBe('look');
    expect(outcome(policyOf('deny', allow('a.example')), '10.0.0.5')).toBe('BH_NETWORK_ACCESS');
    // One of the names it has may be denied, and another not.
    const rest = policyOf('allow', deny('bad.example'));
    expect(outcome(rest, '203.0.113.5', { names: ['bad.example'] })).toBe('look');
    expect(outcome(policyOf('allow', deny('bad.example'), deny('203.0.113.5')), '203.0.113.5')).toBe(
      'BH_NETWORK_ACCESS',
    );
  });

  test('by addresses alone, nothing is waited for', () => {
    const addresses = policyOf('deny', allow('203.0.113.0/24:443'));
    expect(outcome(addresses, '203.0.113.5')).toBe('permit 203.0.113.5:443');
    expect(outcome(addresses, '203.0.113.5', { port: 80 })).toBe('BH_NETWORK_ACCESS');
    expect(outcome(addresses, '203.0.114.5')).toBe('BH_NETWORK_ACCESS');
  });
});

describe('the address and the name', () => {
  test('a rule that opens the address opens it under any name that is not denied', () => {
    const policy = policyOf('deny', allow('203.0.113.0/24'), deny('bad.example'));
    expect(outcome(policy, '203.0.113.5', { first: tls('inside.example') })).toBe('permit 203.0.113.5:443');
    expect(outcome(policy, '203.0.113.5', { first: tls('bad.example') })).toBe('BH_NETWORK_ACCESS');
  });

  test('where all is allowed, a name that is denied is denied, and no other can be said in its place', () => {
    const policy = policyOf('allow', deny('bad.example'));
    expect(outcome(policy, '203.0.113.5', { names: ['bad.example'], first: other })).toBe(
      'BH_NETWORK_ACCESS',
    );
    expect(outcome(policy, '203.0.113.5', { first: tls('bad.example') })).toBe('BH_NETWORK_ACCESS');
    expect(outcome(policy, '203.0.113.5', { names: ['bad.example'], first: tls('good.example') })).toBe(
      'resolve good.example',
    );
    expect(
      outcome(policy, '203.0.113.5', {
        first: tls('good.example'),
        resolved: ['good.example', '203.0.113.6'],
      }),
    ).toBe('BH_NETWORK_NAME');
    expect(outcome(policy, '203.0.113.5', { first: other })).toBe('permit 203.0.113.5:443');
  });

  test('a name opens no private address, unless its rule says which, or the address is open anyway', () => {
    const asked = { names: ['x.example'], first: tls('x.example') };
    for (const address of [
      '10.0.0.5',
      '192.168.1.1',
      '172.16.0.1',
      '100.64.0.1',
      'fd00::1',
      '::ffff:10.0.0.5',
      '64:ff9b::a00:5',
    ])
      expect(outcome(policyOf('deny', allow('*.example')), address, asked)).toBe('BH_NETWORK_PRIVATE');
    const named = policyOf('deny', allow('*.example', { addresses: ['10.0.0.0/8'] }));
    expect(outcome(named, '10.0.0.5', asked)).toBe('permit x.example:443');
    expect(outcome(named, '192.168.1.1', asked)).toBe('BH_NETWORK_PRIVATE');
    expect(outcome(policyOf('deny', allow('*.example'), allow('10.0.0.0/8')), '10.0.0.5', asked)).toBe(
      'permit x.example:443',
    );
    expect(outcome(policyOf('allow', allow('*.example')), '10.0.0.5', asked)).toBe('permit x.example:443');
    expect(outcome(policyOf('allow', allow('*.example'), deny('10.0.0.0/8')), '10.0.0.5', asked)).toBe(
      'BH_NETWORK_PRIVATE',
    );
  });

  test('a name opens no address of the machine that dials, whatever network that is of', () => {
    const own = (rule: object, standard: 'allow' | 'deny' = 'deny'): string =>
      outcome(
        { ...policyOf(standard, rule), isOwn: (address) => ipAddressText(address) === '203.0.113.5' },
        '203.0.113.5',
        { names: ['a.example'], first: tls('a.example') },
      );
    expect(own(allow('a.example'))).toBe('BH_NETWORK_PRIVATE');
    expect(own(allow('a.example', { addresses: ['203.0.113.5'] }))).toBe('permit a.example:443');
    expect(own(allow('a.example'), 'allow')).toBe('permit a.example:443');
  });

  // The gateway answers for it; what has it from elsewhere has it from a stranger.
  test('host.docker.internal has one address, whatever a name server says, and opens no other', () => {
    const asked = { names: ['host.docker.internal'], port: 8080, first: http('host.docker.internal') };
    const policy = policyOf('deny', allow('host.docker.internal:8080', { addresses: ['0.0.0.0/0'] }));
    for (const address of ['192.168.65.1', '203.0.113.5'])
      expect(outcome({ ...policy, hostLoopback: 'open' }, address, asked)).toBe('BH_NETWORK_NAME');
  });
});

describe('an IPv4 address that is denied', () => {
  const policy = policyOf('allow', deny('198.51.100.0/24'), deny('10.0.0.0/8:22'), allow('64:ff9b::/96'));

  test.each([
    ['64:ff9b::c633:6407', 443],
    ['2002:c633:6407::1', 443],
    ['64:ff9b::a00:5', 22],
  ])('is not reached by a translator, as %s', (address, port) => {
    expect(outcome(policy, address, { port })).toBe('BH_NETWORK_ACCESS');
  });

  test('is all that is not', () => {
    expect(outcome(policy, '64:ff9b::c633:6507')).toBe('permit 64:ff9b::c633:6507:443');
    expect(outcome(policy, '64:ff9b::a00:5')).toBe('permit 64:ff9b::a00:5:443');
    expect(outcome(policyOf('deny', allow('198.51.100.0/24')), '64:ff9b::c633:6407')).toBe(
      'BH_NETWORK_ACCESS',
    );
  });
});

describe('a proxy outside', () => {
  const asked = { names: ['proxy.example'], port: 3128 };
  const ask = (policy: ConnectPolicy, first: FirstBytes): string =>
    outcome(policy, '203.0.113.5', { ...asked, first });

  test('is asked for what is allowed, where it is allowed itself', () => {
    const policy = policyOf('deny', allow('proxy.example:3128'), allow('a.example:443'));
    expect(ask(policy, proxied('a.example'))).toBe('permit proxy.example:3128');
    expect(ask(policy, proxied('b.example'))).toBe('BH_NETWORK_ACCESS');
    expect(ask(policy, proxied('a.example', 22))).toBe('BH_NETWORK_ACCESS');
    // Of its own machine as of others.
    expect(ask(policy, proxied('proxy.example', 22))).toBe('BH_NETWORK_ACCESS');
    expect(ask(policy, proxied('127.0.0.1'))).toBe('BH_NETWORK_HOST');
    expect(ask(policy, proxied('203.0.113.9'))).toBe('BH_NETWORK_ACCESS');
  });

  test('is none to be found by the way', () => {
    expect(ask(policyOf('allow', deny('bad.example')), proxied('a.example'))).toBe('BH_NETWORK_PROXY');
    expect(ask({ contact }, proxied('a.example'))).toBe('permit 203.0.113.5:3128');
  });

  test('a server that is asked in the form for proxies is one server', () => {
    const absolute: FirstBytes = {
      kind: 'http',
      method: 'GET',
      form: 'absolute',
      authority: { host: 'proxy.example' },
    };
    expect(ask(policyOf('deny', allow('proxy.example')), absolute)).toBe('permit proxy.example:3128');
  });
});

describe('where registries are restricted', () => {
  const registries = { lists: (host: string, port?: number) => host === 'ghcr.io' && (port ?? 443) === 443 };
  const policy: ConnectPolicy = { registries, contact };
  const at = (name: string, more: Asked = {}): string =>
    outcome(policy, '203.0.113.5', { names: [name], first: tls(name), ...more });

  test('one that is listed is reached, and others are asked whether they are one', () => {
    expect(at('ghcr.io')).toBe('permit ghcr.io:443');
    expect(at('ghcr.io', { port: 8443 })).toBe('ask https://ghcr.io:8443');
    expect(at('quay.io')).toBe('ask https://quay.io:443');
    expect(at('quay.io', { isRegistry: true })).toBe('BH_NETWORK_REGISTRY');
    expect(at('example.com', { isRegistry: false })).toBe('permit example.com:443');
    expect(at('quay.io', { port: 5000, first: http('quay.io') })).toBe('ask http://quay.io:5000');
    expect(at('quay.io', { port: 5000, first: { kind: 'http2' } })).toBe(
      'ask http://quay.io,203.0.113.5:5000',
    );
    expect(at('quay.io', { first: other })).toBe('permit quay.io:443');
    expect(outcome(policy, '203.0.113.5', { first: tls() })).toBe('ask https://203.0.113.5:443');
    expect(outcome(policy, '203.0.113.5')).toBe('look 203.0.113.5:443');
  });

  test('it is asked under the name the client says, not another that it has resolved; where it says none, under both', () => {
    const asked = (first: FirstBytes): string => at('example.com', { port: 8443, first });
    expect(asked(http('203.0.113.5'))).toBe('ask http://example.com,203.0.113.5:8443');
    expect(asked(tls())).toBe('ask https://example.com,203.0.113.5:8443');
    expect(asked(tls('203.0.113.5'))).toBe('ask https://example.com,203.0.113.5:8443');
    expect(asked(tls('example.com'))).toBe('ask https://example.com:8443');
  });

  test('under another name, by --add-host, or by a proxy outside it is not reached', () => {
    expect(at('quay.io', { first: tls('ghcr.io') })).toBe('resolve ghcr.io');
    expect(at('quay.io', { first: tls('ghcr.io'), resolved: ['ghcr.io', '203.0.113.6'] })).toBe(
      'BH_NETWORK_NAME',
    );
    expect(at('proxy.example', { port: 3128, first: proxied('quay.io') })).toBe('BH_NETWORK_PROXY');
    const both: ConnectPolicy = { ...policyOf('allow', allow('proxy.example')), registries };
    const through = { names: ['proxy.example'], port: 3128 };
    expect(outcome(both, '203.0.113.5', { ...through, first: proxied('quay.io') })).toBe(
      'BH_NETWORK_REGISTRY',
    );
    expect(outcome(both, '203.0.113.5', { ...through, first: proxied('ghcr.io') })).toBe(
      'permit proxy.example:3128',
    );
  });

  test('the engine goes to those that are listed without a rule about connections, and nowhere else', () => {
    const both: ConnectPolicy = { ...policyOf('deny'), registries };
    const engine = { who: { kind: 'engine' } as const };
    expect(outcome(both, '203.0.113.5', { ...engine, names: ['ghcr.io'], first: tls('ghcr.io') })).toBe(
      'permit ghcr.io:443',
    );
    expect(outcome(both, '203.0.113.5', { ...engine, names: ['quay.io'], first: tls('quay.io') })).toBe(
      'BH_NETWORK_ACCESS',
    );
    expect(outcome(both, '203.0.113.5', { names: ['ghcr.io'], first: tls('ghcr.io') })).toBe(
      'BH_NETWORK_ACCESS',
    );
  });
});

test('a refusal names the rule, the setting and whom to ask', () => {
  const decision = decide(policyOf('allow', allow('x.example'), deny('*.example:443')), '203.0.113.5', {
    names: ['bad.example'],
    first: tls('bad.example'),
  });
  if (decision.kind !== 'refuse') throw new Error('it was let through');
  const { message } = new BulkheadError(decision.refusal.code, decision.refusal.params);
  expect(message).toBe(
    'The container web may not connect to bad.example:443 (203.0.113.5): the policy denies *.example:443 (rule network-access). Setting: bulkhead.networkAccess.rules[1]. `bulkhead policy explain connect` says which rule decides a destination. Ask net@example.org to allow it.',
  );
});
