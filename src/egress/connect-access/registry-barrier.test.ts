import { describe, expect, test } from 'vitest';
import { BulkheadError } from '../../common/errors/bulkhead-error.js';
import { settingsOf } from '../test-support/settings.js';
import {
  allow,
  type Asked,
  contact,
  decide,
  http,
  other,
  outcome,
  proxied,
  tls,
} from './decide.test-support.js';
import { type ConnectPolicy, connectPolicyOf } from './index.js';

describe('where images are restricted', () => {
  const imageAccess = {
    hub: { official: true },
    rules: [
      { repository: 'whole.example/**', action: 'allow' },
      { repository: 'partly.example/acme/*', action: 'allow' },
      { repository: '10.0.0.5/**', action: 'allow' },
    ],
  };
  const settled = (bulkhead: object): ConnectPolicy =>
    connectPolicyOf(settingsOf({ bulkhead: { contact, ...bulkhead } }));
  const policy = settled({ imageAccess });
  const at = (name: string, more: Asked = {}, by: ConnectPolicy = policy): string =>
    outcome(by, '203.0.113.5', { names: [name], first: tls(name), ...more });

  test('a registry of which all is admitted is reached, one that is known not, and others are asked whether they are one', () => {
    expect(at('whole.example')).toBe('permit whole.example:443');
    expect(at('whole.example', { first: http('whole.example'), port: 80 })).toBe('permit whole.example:80');
    expect(at('whole.example', { port: 8443 })).toBe('ask https://whole.example:8443');
    for (const isRegistry of [undefined, true, false])
      for (const name of ['partly.example', 'registry-1.docker.io', 'production.cloudflare.docker.com'])
        expect(at(name, isRegistry === undefined ? {} : { isRegistry })).toBe('BH_NETWORK_IMAGES');
    expect(at('quay.io')).toBe('ask https://quay.io:443');
    expect(at('quay.io', { isRegistry: true })).toBe('BH_NETWORK_IMAGES');
    expect(at('www.example', { isRegistry: false })).toBe('permit www.example:443');
    expect(at('quay.io', { isRegistry: 'unsaid' })).toBe('BH_NETWORK_REGISTRY_UNSAID');
    expect(at('quay.io', { first: other })).toBe('permit quay.io:443');
    expect(outcome(policy, '203.0.113.5')).toBe('look 203.0.113.5:443');
    expect(outcome(policy, '203.0.113.5', { first: tls() })).toBe('ask https://203.0.113.5:443');
    expect(outcome(policy, '10.0.0.5', { first: tls() })).toBe('permit 10.0.0.5:443');
  });

  test('it holds for steps of builds and not for the engine, whose requests are decided one by one', () => {
    expect(at('partly.example', { who: { kind: 'build' } })).toBe('BH_NETWORK_IMAGES');
    expect(at('partly.example', { who: { kind: 'engine' } })).toBe('permit 203.0.113.5:443');
    expect(at('partly.example', { who: { kind: 'engine' }, first: proxied('quay.io') })).toBe(
      'permit 203.0.113.5:443',
    );
  });

  test('under another name, by --add-host, or by a proxy outside none is reached', () => {
    expect(at('quay.io', { first: tls('whole.example') })).toBe('resolve whole.example');
    expect(at('quay.io', { first: tls('whole.example'), resolved: ['whole.example', '203.0.113.6'] })).toBe(
      'BH_NETWORK_NAME',
    );
    expect(at('proxy.example', { port: 3128, first: proxied('quay.io') })).toBe('BH_NETWORK_PROXY');
    const rules = [allow('proxy.example'), allow('quay.io'), allow('partly.example')];
    const both = settled({ imageAccess, networkAccess: { default: 'allow', rules } });
    const through = (asked: string): string =>
      at('proxy.example', { port: 3128, first: proxied(asked) }, both);
    expect(through('whole.example')).toBe('permit proxy.example:3128');
    expect(through('partly.example')).toBe('BH_NETWORK_IMAGES');
    expect(through('other.example')).toBe('BH_NETWORK_IMAGES');
    // Nobody can be asked whether it is one: a rule for connections that names it says that it may be reached.
    expect(through('quay.io')).toBe('permit proxy.example:3128');
  });

  test('what is to lead further, in a form nobody reads on, is a proxy the policy names', () => {
    const first = { kind: 'forwarding', protocol: 'SOCKS 5' } as const;
    expect(at('proxy.example', { port: 1080, first })).toBe('BH_NETWORK_PROXY');
    expect(at('proxy.example', { port: 1080, first, who: { kind: 'engine' } })).toBe(
      'permit 203.0.113.5:1080',
    );
    const registryAccess = { rules: [{ host: 'proxy.example', port: 1080 }] };
    const listed = settled({ registryAccess });
    expect(at('proxy.example', { port: 1080, first }, listed)).toBe('BH_NETWORK_PROXY');
    const named = (to: string): string => {
      const both = settled({ imageAccess, networkAccess: { default: 'allow', rules: [allow(to)] } });
      return at('proxy.example', { port: 1080, first }, both);
    };
    expect(named('proxy.example')).toBe('permit proxy.example:1080');
    expect(named('203.0.113.5:1080')).toBe('permit proxy.example:1080');
    expect(named('*')).toBe('BH_NETWORK_PROXY');
    // Of connections alone it is a protocol as any other.
    const open = settled({ networkAccess: { default: 'allow', rules: [] } });
    expect(at('proxy.example', { port: 1080, first }, open)).toBe('permit proxy.example:1080');
  });

  test('with rules about registries too, both have to leave it open', () => {
    const registryAccess = {
      rules: [{ host: 'whole.example' }, { host: 'listed.example' }, { host: '*.corp.example' }],
    };
    const both = settled({ imageAccess: { ...imageAccess, default: 'allow' }, registryAccess });
    expect(at('whole.example', {}, both)).toBe('permit whole.example:443');
    const strict = settled({ imageAccess, registryAccess });
    expect(at('listed.example', {}, strict)).toBe('BH_NETWORK_IMAGES');
    // What is below a domain that is listed need not be one.
    expect(at('www.corp.example', {}, strict)).toBe('ask https://www.corp.example:443');
    expect(at('quay.io', { isRegistry: true }, strict)).toBe('BH_NETWORK_REGISTRY');
    expect(at('partly.example', {}, strict)).toBe('BH_NETWORK_REGISTRY');
  });

  test('not where the policy says that containers may', () => {
    const left = settled({ imageAccess: { ...imageAccess, containers: 'allow' } });
    expect(at('partly.example', {}, left)).toBe('permit 203.0.113.5:443');
    expect(at('registry-1.docker.io', {}, left)).toBe('permit 203.0.113.5:443');
  });

  test('the refusal says what to do instead', () => {
    const decision = decide(policy, '203.0.113.5', {
      names: ['partly.example'],
      first: tls('partly.example'),
    });
    if (decision.kind !== 'refuse') throw new Error('it was let through');
    const { message } = new BulkheadError(decision.refusal.code, decision.refusal.params);
    expect(message).toBe(
      'Access to partly.example has been restricted by your administrators. The container web may not connect to it, because it is a registry of which not every image is admitted, and nobody sees which one is asked for inside TLS (rule image-access). Setting: bulkhead.imageAccess.default. Pull or push the image with docker on the host, where each is decided by itself. Ask net@example.org to admit all of that registry, or to let containers reach what they like of it (bulkhead.imageAccess.containers).',
    );
  });
});
