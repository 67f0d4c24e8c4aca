import { describe, expect, test } from 'vitest';
import { ipAddressText } from '../../common/ip-address.js';
import { at, scene, shown, tls } from './connect-decider.test-support.js';
import type { ConnectFacts } from './index.js';

describe('what was asked whether it is a registry is what is connected to', () => {
  const policy = { registryAccess: { rules: [{ host: 'ghcr.io' }] } };
  const [site, registry] = ['203.0.113.1', '203.0.113.4'];
  /** Of a name whose owner has a site, and gives the address of a registry for it, too. */
  const moving = (addresses: readonly (readonly string[])[]): Partial<ConnectFacts> => {
    let times = 0;
    return {
      resolve: async () => {
        const now = addresses[Math.min(times, addresses.length - 1)] ?? [];
        times += 1;
        return Promise.resolve({ addresses: now.map(at), ttl: 0 });
      },
      isRegistry: async ({ addresses: [first] }) =>
        Promise.resolve(first !== undefined && ipAddressText(first) === registry),
    };
  };

  test('where the name has another address right after', async () => {
    const { decide, look, names } = scene(policy, moving([[site], [registry]]));
    names['a.example'] = [site];
    await look('a.example');
    expect(shown(await decide(site, [tls('a.example')]))).toBe(`${site}:443`);
  });

  test('where one of several addresses answers to be asked, and not to be connected to', async () => {
    const { decide, look, names } = scene(policy, moving([[site, registry]]));
    names['a.example'] = [site, registry];
    await look('a.example');
    expect(shown(await decide(site, [tls('a.example')]))).toBe(`${site}:443`);
    expect(shown(await decide(registry, [tls('a.example')]))).toBe('BH_NETWORK_REGISTRY');
  });

  test('where the client waits until it is connected', async () => {
    const { decide, look, names } = scene(policy, moving([[registry], [site]]));
    names['a.example'] = [registry];
    await look('a.example');
    const held = await decide(registry, [`…${tls('a.example')}`]);
    expect([shown(held), held.kind === 'held' ? shown(await held.rest()) : '']).toEqual([
      `${registry}:443 held`,
      'BH_NETWORK_REGISTRY',
    ]);
  });

  test('where the one that is asked first is not reached', async () => {
    const first = '203.0.113.9';
    const { decide, look, names } = scene(policy, {
      ...moving([[first, site]]),
      isRegistry: async ({ addresses: [asked] }) =>
        asked !== undefined && ipAddressText(asked) === first
          ? Promise.reject(new Error('nobody is there'))
          : Promise.resolve(false),
    });
    names['a.example'] = [first, site];
    await look('a.example');
    expect(shown(await decide(first, [tls('a.example')]))).toBe(`${site}:443`);
  });

  test('where the one that is asked first can’t say it, and nowhere if none can', async () => {
    const first = '203.0.113.9';
    const unsaid = (addresses: readonly string[], by: object = {}): ReturnType<typeof scene> => {
      const world = scene(policy, {
        ...moving([addresses]),
        isRegistry: async ({ addresses: [asked] }) =>
          Promise.resolve(asked !== undefined && ipAddressText(asked) === first ? 'unsaid' : false),
        ...by,
      });
      world.names['a.example'] = addresses;
      return world;
    };
    const reached = async ({ look, decide }: ReturnType<typeof scene>): Promise<string> => {
      await look('a.example');
      return shown(await decide(first, [tls('a.example')]));
    };
    expect(await reached(unsaid([first, site]))).toBe(`${site}:443`);
    expect(await reached(unsaid([first]))).toBe('BH_NETWORK_REGISTRY_UNSAID');
    // Which address a proxy asks it does not say.
    const proxy = { kind: 'proxy', protocol: 'http', host: 'proxy.example', port: 3128 } as const;
    const wayOut: ConnectFacts['wayOut'] = async () => Promise.resolve({ kind: 'hops', hops: [proxy] });
    expect(await reached(unsaid([first, site], { wayOut }))).toBe('BH_NETWORK_REGISTRY_UNSAID');
  });
});
