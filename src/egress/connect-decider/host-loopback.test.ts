import { describe, expect, test } from 'vitest';
import { ipAddressText } from '../../common/ip-address.js';
import { scene, shown, tls } from './connect-decider.test-support.js';
import type { ConnectFacts } from './index.js';

const rules = (...list: readonly object[]) => ({ networkAccess: { default: 'deny', rules: list } });

describe('the loopback of the host', () => {
  const host = '203.0.113.252';
  const closed = rules({ to: 'host.docker.internal:8080', action: 'allow' });

  test('has three names, which nobody is asked for, and is dialled at one address', async () => {
    const { look, decide, asked } = scene(closed, {}, 'open');
    for (const name of ['host.docker.internal', 'gateway.docker.internal', 'KUBERNETES.docker.internal'])
      expect((await look(name))?.answers).toMatchObject([{ name, type: 'A', data: host }]);
    expect(shown(await decide(host, ['\0\x01\x02'], 8080))).toBe('127.0.0.1:8080');
    expect(shown(await decide(host, [], 8080))).toBe('127.0.0.1:8080 held');
    expect(shown(await decide(host, [], 8081))).toBe('BH_NETWORK_ACCESS');
    expect(asked).toEqual([]);
  });

  test('is refused where nothing opens it, whatever the rules say', async () => {
    const { look, decide } = scene(closed);
    expect((await look('host.docker.internal'))?.answers).toHaveLength(1);
    expect(shown(await decide(host, [], 8080))).toBe('BH_NETWORK_LOOPBACK');
  });

  test('is asked there whether it is a registry', async () => {
    const { decide, asked } = scene({ registryAccess: { rules: [{ host: 'ghcr.io' }] } }, {}, 'open');
    const get = ['GET /v2/ HTTP/1.1\r\nHost: host.docker.internal:5000\r\n\r\n'];
    expect(shown(await decide(host, get, 5000))).toBe('127.0.0.1:5000');
    expect(asked).toEqual(['registry http://host.docker.internal:5000 127.0.0.1']);
  });

  test('is behind no proxy, and not reached where the way out is refused', async () => {
    const proxy = { kind: 'proxy', protocol: 'http', host: 'proxy.example', port: 3128 } as const;
    const refusal = { code: 'BH_CONTAINERS_PROXY', params: {} } as const;
    const seen: unknown[] = [];
    const wayOut: ConnectFacts['wayOut'] = async ({ name, address, port }) => {
      seen.push([name, ipAddressText(address)]);
      return Promise.resolve(port === 22 ? { kind: 'refuse', refusal } : { kind: 'hops', hops: [proxy] });
    };
    const { decide } = scene({}, { wayOut }, 'open');
    expect(shown(await decide(host, ['\0\x01\x02'], 8080))).toBe('127.0.0.1:8080');
    expect(shown(await decide(host, ['\0\x01\x02'], 22))).toBe('BH_CONTAINERS_PROXY');
    expect(seen).toEqual(Array.from({ length: 2 }, () => ['host.docker.internal', '127.0.0.1']));
  });

  test('is dialled for no other name, nor is the address that stands for it', async () => {
    const both = { to: 'c.example', addresses: ['0.0.0.0/0'], action: 'allow' };
    const { decide, look, names } = scene(rules(both, { to: '*:443', action: 'allow' }), {}, 'open');
    names['c.example'] = ['203.0.113.4', host];
    await look('c.example');
    expect(shown(await decide('203.0.113.4', [tls('c.example')]))).toBe('203.0.113.4:443');
  });
});
