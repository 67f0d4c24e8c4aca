import { describe, expect, test } from 'vitest';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { link } from '../../common/egress-link.js';
import {
  allow,
  type Asked,
  box,
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

const open = { hostLoopback: 'open' } as const;
const at = (policy: ConnectPolicy, port: number, asked: Asked = {}): string =>
  outcome(policy, link.host, { port, first: other, ...asked });

/** As whoever asks reads it. */
function refusal(policy: ConnectPolicy, port: number): string {
  const decision = decide(policy, link.host, { port });
  if (decision.kind !== 'refuse') return decision.kind;
  return new BulkheadError(decision.refusal.code, decision.refusal.params).message;
}

describe('the loopback of the host', () => {
  test('is reached where its setting opens it, and no other address is by that', () => {
    expect(at({ ...open, contact }, 8080)).toBe('permit host:8080');
    for (const address of ['127.0.0.1', '::1', '169.254.169.254', '::ffff:127.0.0.1', '64:ff9b::7f00:1'])
      expect(outcome({ ...open, contact }, address, { first: other })).toBe('BH_NETWORK_HOST');
    const rules = { ...open, ...policyOf('deny', allow('host.docker.internal')) };
    for (const address of ['192.168.65.1', '192.168.65.4', '203.0.113.251', '203.0.113.253', '10.0.0.5'])
      expect(outcome(rules, address, { first: other })).toBe('BH_NETWORK_ACCESS');
  });

  test.each([
    [{}, 8080, 'bulkhead.hostLoopback'],
    [{ hostLoopback: 'closed' }, 8080, 'bulkhead.hostLoopback'],
    [{ hostLoopback: 'engine-exposed' }, 8080, 'exposeDockerAPIOnTCP2375'],
    // Another engine of the machine may be there.
    [open, 2375, 'exposeDockerAPIOnTCP2375'],
  ] as const)(
    'is closed by %j at port %i, at once, with rule, setting and contact',
    (state, port, setting) => {
      for (const policy of [
        { contact },
        policyOf('allow'),
        policyOf('deny', allow('host.docker.internal')),
      ]) {
        const text = refusal({ ...policy, ...state }, port);
        expect(text).toContain(`may not connect to host.docker.internal:${port} (127.0.0.1)`);
        expect(text).toMatch(/rule host-loopback.*/);
        expect(text).toContain(setting);
        expect(text).toContain(contact);
      }
    },
  );

  test('is one place by rules: by its name, or by those for everything', () => {
    const some = { ...open, ...policyOf('deny', allow('host.docker.internal:8080')) };
    expect([at(some, 8080), at(some, 8081)]).toEqual(['permit host:8080', 'BH_NETWORK_ACCESS']);
    expect(refusal(some, 8081)).toMatch(
      /host\.docker\.internal:8081 \(127\.0\.0\.1\): no rule names it.*bulkhead\.networkAccess\.default/,
    );
    expect(at({ ...open, ...policyOf('deny', allow('*.docker.internal')) }, 22)).toBe('permit host:22');
    expect(at({ ...open, ...policyOf('deny', allow('*:22')) }, 22)).toBe('permit host:22');
    expect(at({ ...open, ...policyOf('allow', deny('*:22')) }, 22)).toBe('BH_NETWORK_ACCESS');
    const denied = { ...open, ...policyOf('allow', deny('host.docker.internal:22')) };
    expect([at(denied, 22), at(denied, 23)]).toEqual(['BH_NETWORK_ACCESS', 'permit host:23']);
    const team = { ...open, ...policyOf('deny', allow('host.docker.internal', { labels: ['team=web'] })) };
    expect([at(team, 80), at(team, 80, { who: { kind: 'build' } })]).toEqual([
      'permit host:80',
      'BH_NETWORK_ACCESS',
    ]);
  });

  test.each(['0.0.0.0/0', '203.0.113.0/24', link.host, '127.0.0.0/8'])(
    'is opened by no rule about addresses such as %s',
    (to) => {
      expect(at({ ...open, ...policyOf('deny', allow(to)) }, 8080)).toBe('BH_NETWORK_ACCESS');
    },
  );

  test('is opened by no other name that has its address', () => {
    const policy = {
      ...open,
      ...policyOf('deny', allow('stranger.example', { addresses: ['0.0.0.0/0'] })),
    };
    const asked = { names: ['stranger.example'], first: tls('stranger.example') };
    expect(at(policy, 443, asked)).toBe('BH_NETWORK_ACCESS');
    expect(
      at(policy, 443, { first: tls('stranger.example'), resolved: ['stranger.example', link.host] }),
    ).toBe('BH_NETWORK_ACCESS');
  });

  test('has what names it likes, and none that is denied', () => {
    const policy = {
      ...open,
      ...policyOf('deny', allow('host.docker.internal:8080'), deny('shut.example')),
    };
    for (const first of [
      http('localhost'),
      http('127.0.0.1'),
      http('app.example'),
      tls('app.example'),
      tls(),
    ])
      expect(at(policy, 8080, { first })).toBe('permit host:8080');
    expect(at(policy, 8080, { first: http('shut.example') })).toBe('BH_NETWORK_ACCESS');
    expect(at(policy, 8080, { names: ['db'], first: http('db') })).toBe('permit host:8080');
  });

  test('is refused before a byte is seen, and dialled for a server that speaks first', () => {
    const policy = { ...open, ...policyOf('deny', allow('host.docker.internal:8080')) };
    expect(outcome(policy, link.host, { port: 8081 })).toBe('BH_NETWORK_ACCESS');
    expect(outcome(policy, link.host, { port: 8080 })).toBe('look host:8080');
  });

  test('holds a proxy that is asked for what is allowed alone', () => {
    const policy = {
      ...open,
      ...policyOf('deny', allow('host.docker.internal:3128'), allow('a.example:443')),
    };
    const ask = (host: string, port?: number): string => at(policy, 3128, { first: proxied(host, port) });
    expect([ask('a.example'), ask('b.example'), ask('127.0.0.1', 22), ask('localhost', 22)]).toEqual([
      'permit host:3128',
      'BH_NETWORK_ACCESS',
      'BH_NETWORK_HOST',
      'BH_NETWORK_HOST',
    ]);
    const denying = {
      ...open,
      ...policyOf('allow', allow('host.docker.internal:3128'), deny('host.docker.internal')),
    };
    for (const host of ['host.docker.internal', 'gateway.docker.internal', 'localhost', 'db.localhost'])
      expect(at(denying, 3128, { first: proxied(host, 22) })).toMatch(/^BH_NETWORK_(?:ACCESS|HOST)$/);
    // Of its own services as of others.
    expect(ask('host.docker.internal', 22)).toBe('BH_NETWORK_ACCESS');
    expect(at({ ...open, ...policyOf('allow') }, 3128, { first: proxied('a.example') })).toBe(
      'BH_NETWORK_PROXY',
    );
  });

  test('is asked whether it is a registry, as every place is', () => {
    const registries = {
      lists: (host: string, port?: number) => host === 'host.docker.internal' && port === 5000,
    };
    const policy: ConnectPolicy = { ...open, contact, registries };
    const asked = { first: http('host.docker.internal') };
    expect(at(policy, 5000, asked)).toBe('permit host:5000');
    expect(at(policy, 5001, asked)).toBe('ask http://host.docker.internal:5001');
    expect(at(policy, 5001, { ...asked, isRegistry: true })).toBe('BH_NETWORK_REGISTRY');
    expect(at(policy, 5001, { ...asked, isRegistry: false })).toBe('permit host:5001');
    // That is for the engine: it needs no rule of its own, but the setting.
    const engine = { ...asked, who: { kind: 'engine' } } as const;
    const both = { ...policyOf('deny'), registries };
    expect([at({ ...both, ...open }, 5000, engine), at(both, 5000, engine)]).toEqual([
      'permit host:5000',
      'BH_NETWORK_LOOPBACK',
    ]);
    expect(at({ ...both, ...open }, 5000, { ...asked, who: box })).toBe('BH_NETWORK_ACCESS');
  });
});
