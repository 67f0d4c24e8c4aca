import { afterEach, describe, expect, test } from 'vitest';
import { parseIpAddress } from '../../common/ip-address.js';
import { settingsOf } from '../test-support/settings.js';
import type { Who } from '../connect-access/index.js';
import {
  type ContainersProxy,
  containersProxyOf,
  type DecidedWay,
  decideWay,
  goesByName,
  type Outbound,
  proxiesOf,
  type Way,
  WayOut,
  type WayOutOptions,
} from './index.js';

const box: Who = { kind: 'container', id: 'c'.repeat(64), name: 'web', image: [], labels: {} };
const contact = 'net@example.org';
const none = proxiesOf({});

function settingOf(value: object): ContainersProxy {
  const { containersProxy } = settingsOf({ containersProxy: { locked: true, mode: 'manual', ...value } });
  if (containersProxy === undefined) throw new Error('it is not there');
  return containersProxyOf(containersProxy);
}

type Asked = Partial<Omit<Outbound, 'address'>> & { readonly address?: string };
function outboundTo({ address = '203.0.113.5', ...rest }: Asked): Outbound {
  const ip = parseIpAddress(address);
  if (ip === undefined) throw new Error(address);
  return { who: box, port: 443, ...rest, address: ip };
}

function shown(way: Way): string {
  if (way.kind === 'refuse') return `refused: ${way.refusal.params['reason'] ?? ''}`;
  if (way.kind === 'ask-pac') return `ask ${way.url} ${way.host}`;
  return way.hops
    .map((hop) => (hop.kind === 'proxy' ? `${hop.protocol} ${hop.host}:${hop.port}` : hop.kind))
    .join(', ');
}
const way = (value: object, asked: Asked = {}, system = none): string =>
  shown(decideWay(settingOf(value), system, outboundTo(asked), contact));

const one = { http: 'http://p.example:1', https: 'http://p.example:1' };
test.each<[string, object, boolean]>([
  ['a file', { embeddedPac: 'function FindProxyForURL() {}' }, true],
  ['a name that is excluded', { http: 'http://p.example:1', exclude: ['10.0.0.0/8', 'a.example'] }, true],
  ['what is below one', { http: 'http://p.example:1', exclude: ['*.a.example'] }, true],
  ['networks', { ...one, exclude: ['10.0.0.0/8'] }, false],
  ['another proxy for plain HTTP', { ...one, http: 'http://q.example:1' }, true],
  ['another user for plain HTTP', { ...one, http: 'http://a:b@p.example:1' }, true],
  ['no proxy but for plain HTTP', { http: 'http://p.example:1' }, true],
])('whether the way hangs on what is said first: %s', (_what, value, expected) => {
  const setting = settingOf({ transparentPorts: '443', ...value });
  const asked = (who: Who, port: number): boolean => goesByName(setting, none, { who, port });
  expect([asked(box, 443), asked(box, 22), asked({ kind: 'engine' }, 22)]).toEqual([
    expected,
    false,
    expected,
  ]);
});

test('of the host, whether it hangs on a name is what the host says', () => {
  const setting = settingOf({ mode: 'system', transparentPorts: '*' });
  const wanted = { who: box, port: 443 };
  expect(goesByName(setting, none, wanted)).toBe(false);
  expect(goesByName(setting, proxiesOf({ exclude: 'a.example,10.0.0.0/8' }), wanted)).toBe(true);
});

describe('manual', () => {
  const proxies = {
    http: 'http://plain.example:3128',
    https: 'http://secure.example:3128',
    transparentPorts: '*',
  };

  test.each<[string, Asked, string]>([
    ['port 80', { port: 80 }, 'http plain.example:3128'],
    ['port 443', {}, 'http secure.example:3128'],
    ['another port', { port: 22 }, 'http secure.example:3128'],
    [
      'HTTP at another port',
      { port: 8080, first: { kind: 'http', method: 'GET', form: 'origin' } },
      'http plain.example:3128',
    ],
    [
      'TLS at port 80',
      { port: 80, first: { kind: 'tls', alpn: [], encrypted: false } },
      'http secure.example:3128',
    ],
  ])('%s', (_what, asked, expected) => {
    expect(way(proxies, asked)).toBe(expected);
  });

  test.each<[string, Asked, boolean]>([
    ['a.example', { name: 'a.example' }, true],
    ['a.example', { name: 'x.a.example' }, true],
    ['a.example', { name: 'xa.example' }, false],
    ['.a.example', { name: 'x.a.example' }, true],
    ['*.a.example', { name: 'x.a.example' }, true],
    ['.a.example', { name: 'a.example' }, false],
    ['10.0.0.0/8', { address: '10.1.2.3' }, true],
    ['10.0.0.0/8', { address: '11.1.2.3' }, false],
    ['10.1.2.3', { address: '::ffff:10.1.2.3' }, true],
    ['a.example:443', { name: 'a.example' }, true],
    ['a.example:80', { name: 'a.example' }, false],
    ['a.example', {}, false],
    ['*', {}, true],
  ])('exclude %s, %j: %s', (exclude, asked, expected) => {
    expect(way({ ...proxies, exclude: [exclude] }, asked)).toBe(
      expected ? 'direct' : 'http secure.example:3128',
    );
  });

  test('without a proxy nothing is let through but what is excluded (H11)', () => {
    const nothing = { http: '', https: '', exclude: [], transparentPorts: '*' };
    for (const port of [80, 443, 22]) expect(way(nothing, { port })).toMatch(/^refused: there is no proxy/);
    expect(way({ ...nothing, exclude: '10.0.0.0/8' }, { address: '10.1.2.3' })).toBe('direct');
  });

  test('holds for the ports that are named, and for all of the engine', () => {
    const nothing = { transparentPorts: '80,443' };
    expect(way(nothing, { port: 22 })).toBe('direct');
    expect(way(nothing, { port: 80 })).toMatch(/^refused/);
    expect(way({}, { port: 443 })).toBe('direct');
    expect(way({}, { port: 443, who: { kind: 'engine' } })).toMatch(/^refused/);
    expect(way(nothing, { port: 443, who: { kind: 'build' } })).toMatch(/^refused/);
  });

  test('a proxy is taken with its user, its scheme and its port', () => {
    const setting = settingOf({ https: 'socks5://ada:p%40w@[fd00::1]', http: 'proxy.example:8080' });
    expect(setting.way).toEqual({
      kind: 'manual',
      http: { kind: 'proxy', protocol: 'http', host: 'proxy.example', port: 8080 },
      https: {
        kind: 'proxy',
        protocol: 'socks5',
        host: 'fd00::1',
        port: 1080,
        user: { name: 'ada', password: 'p@w' },
      },
      exclude: [],
    });
  });
});

describe('system', () => {
  test('is what the host does, which goes directly where it has no proxy', () => {
    const system = proxiesOf({ https: 'http://host.example:3128', exclude: 'a.example' });
    const setting = {
      mode: 'system',
      http: 'http://ignored.example:1',
      pac: 'http://ignored.example/',
      transparentPorts: '*',
    };
    expect(way(setting, {}, system)).toBe('http host.example:3128');
    expect(way(setting, { name: 'a.example' }, system)).toBe('direct');
    expect(way(setting, { port: 80 }, system)).toBe('direct');
  });
});

describe('a file', () => {
  const embedded = (body: string) => ({
    embeddedPac: `function FindProxyForURL(url, host) { ${body} }`,
    transparentPorts: '*',
  });

  test('precedence: embedded, by address, addresses', () => {
    const all = { ...embedded('return "DIRECT"'), pac: 'http://pac.example/p', http: 'http://a.example:1' };
    expect(settingOf(all).way).toEqual({ kind: 'pac', text: all.embeddedPac });
    expect(settingOf({ ...all, embeddedPac: '' }).way).toEqual({ kind: 'pac', url: 'http://pac.example/p' });
    expect(settingOf({ ...all, embeddedPac: '', pac: '' }).way).toMatchObject({ kind: 'manual' });
  });

  test('H14 sees scheme, host and port, never a path; and the name for every port', () => {
    const pac = embedded('return "DIRECT"');
    expect(way(pac, { name: 'a.example' })).toBe('ask https://a.example:443 a.example');
    expect(way(pac, { name: 'a.example', port: 80 })).toBe('ask http://a.example:80 a.example');
    expect(way(pac, { name: 'a.example', port: 5432 })).toBe('ask https://a.example:5432 a.example');
    expect(way(pac, { address: '2001:db8::1' })).toBe('ask https://[2001:db8::1]:443 2001:db8::1');
  });

  const outs: WayOut[] = [];
  afterEach(async () => {
    for (const out of outs.splice(0)) await out[Symbol.asyncDispose]();
  });
  const options = {
    contact,
    system: () => none,
    resolve: async () => Promise.resolve(undefined),
    ownAddress: '192.0.2.1',
    worker: new URL('../../../dist/egress/pac/pac-worker.js', import.meta.url),
  };
  async function decide(value: object, asked: Asked, more: Partial<WayOutOptions> = {}): Promise<string> {
    const out = new WayOut(settingOf(value), { ...options, ...more });
    outs.push(out);
    return shown(await out.decide(outboundTo(asked)));
  }

  test.each([
    ['return "DIRECT"', 'direct'],
    ['return "PROXY p.example:3128; SOCKS5 s.example:1080"', 'http p.example:3128, socks5 s.example:1080'],
    ['return "PROXY reject.docker.internal:1"', 'refused: the proxy auto-configuration file rejects it'],
    ['return "PROXY p.example:1; PROXY reject.docker.internal:1; DIRECT"', 'http p.example:1'],
    ['return ""', 'refused: the proxy auto-configuration file decides it, and it answers nothing'],
    ['return "NONSENSE"', 'refused: the proxy auto-configuration file decides it, and it answers "NONSENSE"'],
    ['throw new Error("no")', 'refused: the proxy auto-configuration file decides it, and Error: no'],
    ['while (true) {}', 'refused: the proxy auto-configuration file decides it, and it took longer'],
    ['}', 'refused: the proxy auto-configuration file decides it, and SyntaxError'],
    ['return host === "host.docker.internal" ? "PROXY reject.docker.internal:1" : "DIRECT"', 'direct'],
  ])('H12 %s', async (body, expected) => {
    expect(await decide(embedded(body), { name: 'a.example' })).toContain(expected);
  });

  test('H13 that is not to be had lets nothing through', async () => {
    const pac = { pac: 'http://pac.example/p', transparentPorts: '*' };
    const failing = { fetch: async () => Promise.reject(new Error('the answer is 404')) };
    expect(await decide(pac, {}, failing)).toBe(
      'refused: the proxy auto-configuration file decides it, and it could not be loaded from http://pac.example/p: the answer is 404',
    );
    // Ports it is not asked about are not its business.
    expect(await decide({ ...pac, transparentPorts: '80' }, { port: 22 }, failing)).toBe('direct');
  });

  test('that changed at its address is the one in force', async () => {
    let [text, now] = ['function FindProxyForURL() { return "DIRECT" }', 0];
    const fetch = async (): Promise<string> => Promise.resolve(text);
    const out = new WayOut(settingOf({ pac: 'http://pac.example/p', transparentPorts: '*' }), {
      ...options,
      fetch,
      now: () => now,
    });
    outs.push(out);
    const ask = async (): Promise<DecidedWay> => out.decide(outboundTo({}));
    expect(shown(await ask())).toBe('direct');
    text = 'function FindProxyForURL() { return "PROXY reject.docker.internal:1" }';
    now += 3600 * 1000;
    expect(shown(await ask())).toMatch(/^refused/);
  });
});
