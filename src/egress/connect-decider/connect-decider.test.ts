import { describe, expect, test } from 'vitest';
import { from, peekOf, scene, shown, signal, tls, web } from './connect-decider.test-support.js';
import type { ConnectFacts, ConnectVerdict } from './index.js';

const rules = (...list: readonly object[]) => ({ networkAccess: { default: 'deny', rules: list } });
const allowed = rules({ to: 'a.example', action: 'allow' }, { to: 'b.example:443', action: 'allow' });

describe('ConnectDecider', () => {
  test('tells of each name somebody asks for', async () => {
    const told: unknown[] = [];
    const { look } = scene(allowed, {
      onName: (who, name, decided) => told.push([who, name, decided.kind]),
    });
    for (const name of ['a.example', 'shut.example', 'a.example']) await look(name);
    expect(told).toEqual([
      [web, 'a.example', 'allowed'],
      [web, 'shut.example', 'refused'],
      [web, 'a.example', 'allowed'],
    ]);
  });

  test('without a policy asks nobody anything', async () => {
    const { decide, asked } = scene({});
    expect(shown(await decide('203.0.113.9'))).toBe('203.0.113.9:443');
    expect(shown(await decide('127.0.0.1'))).toBe('BH_NETWORK_HOST');
    expect(asked).toEqual([]);
  });

  test('a connection from nobody is refused', async () => {
    const { decider } = scene({});
    const wanted = {
      from: { address: '172.17.0.9' },
      to: { address: '203.0.113.9', port: 443 },
      peek: peekOf([]),
    };
    expect(shown(await decider.decide(wanted, signal))).toBe('BH_NETWORK_UNKNOWN');
    expect(await decider.answer({ from: wanted.from, question: Buffer.alloc(20) }, signal)).toBeUndefined();
  });

  test('goes by the name that was resolved, to what the gateway resolves, the address that was meant first', async () => {
    const { decide, look } = scene(allowed);
    expect((await look('a.example'))?.answers).toHaveLength(2);
    expect(shown(await decide('203.0.113.2', [tls('a.example')]))).toBe('203.0.113.2:443 203.0.113.1:443');
    expect(shown(await decide('203.0.113.2', ['GET / HTTP/1.1\r\nHo', 'st: a.example\r\n\r\n'], 80))).toBe(
      '203.0.113.2:80 203.0.113.1:80',
    );
    expect(shown(await decide('203.0.113.2', [tls('c.example')]))).toBe('BH_NETWORK_ACCESS');
    expect(shown(await decide('203.0.113.3', ['\0\x01\x02']))).toBe('BH_NETWORK_ACCESS');
  });

  test('what one container resolved is no name for another, nor for itself when it was forgotten', async () => {
    const { decider, decide, look } = scene(allowed);
    await look('a.example', { address: '172.17.0.3' });
    expect(shown(await decide('203.0.113.1', ['\0\x01\x02']))).toBe('BH_NETWORK_ACCESS');
    await look('a.example');
    expect(shown(await decide('203.0.113.1', ['\0\x01\x02']))).toBe('203.0.113.1:443 203.0.113.2:443');
    decider.forget(web);
    expect(shown(await decide('203.0.113.1', ['\0\x01\x02']))).toBe('BH_NETWORK_ACCESS');
  });

  test('a name that leads nowhere is not asked for', async () => {
    const { look, asked } = scene(allowed);
    const answer = await look('secret-in-a-name.example');
    expect([(answer?.flags ?? 0) & 15, asked]).toEqual([3, []]);
    await look('a.example');
    expect(asked).toEqual(['dns a.example A']);
  });

  test('a name that was not resolved is, by the gateway, once', async () => {
    const { decide, asked } = scene(allowed);
    expect(shown(await decide('203.0.113.2', [tls('b.example')]))).toBe('203.0.113.2:443');
    expect(shown(await decide('203.0.113.1', [tls('b.example')]))).toBe('BH_NETWORK_NAME');
    expect(shown(await decide('203.0.113.2', [tls('b.example')]))).toBe('203.0.113.2:443');
    expect(asked).toEqual(Array.from({ length: 4 }, () => 'resolve b.example'));
  });

  test('a name that has another address when it is dialled than when it was asked for opens nothing private', async () => {
    const { decide, look, names } = scene(allowed);
    await look('a.example');
    names['a.example'] = ['10.0.0.5', '127.0.0.1'];
    expect(shown(await decide('203.0.113.1', [tls('a.example')]))).toBe('BH_NETWORK_PRIVATE');
    names['a.example'] = ['10.0.0.5', '203.0.113.7'];
    expect(shown(await decide('203.0.113.1', [tls('a.example')]))).toBe('203.0.113.7:443');
    names['a.example'] = [];
    expect(shown(await decide('203.0.113.1', [tls('a.example')]))).toBe('');
  });

  test('a server that speaks first is dialled, and the client held until what it says is seen', async () => {
    const { decide, look } = scene(allowed);
    await look('a.example');
    const verdict = await decide('203.0.113.1', ['…SSH-2.0-client\r\n'], 22);
    expect(shown(verdict)).toBe('203.0.113.1:22 203.0.113.2:22 held');
    const rest = async (held: ConnectVerdict) =>
      held.kind === 'held' ? shown(await held.rest()) : 'not held';
    expect(await rest(verdict)).toBe('203.0.113.1:22 203.0.113.2:22');
    // To wait is no way round the look.
    const late = await decide('203.0.113.2', [`…${tls('evil.example')}`]);
    expect([shown(late), await rest(late)]).toEqual([
      '203.0.113.2:443 203.0.113.1:443 held',
      'BH_NETWORK_ACCESS',
    ]);
    const another = await decide('203.0.113.2', [`…${tls('b.example')}`]);
    expect(await rest(another)).toBe('BH_NETWORK_UNDECIDED');
  });

  test('one that was held is not led another way by what it says then', async () => {
    const proxy = { kind: 'proxy', protocol: 'http', host: 'proxy.example', port: 3128 } as const;
    const { decide, look } = scene(allowed, {
      wayOut: async ({ first }) =>
        Promise.resolve({ kind: 'hops', hops: first?.kind === 'http' ? [proxy] : [{ kind: 'direct' }] }),
    });
    await look('a.example');
    const held = await decide('203.0.113.1', ['…GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'], 80);
    if (held.kind !== 'held') throw new Error('not held');
    expect([shown(held), shown(await held.rest())]).toEqual([
      '203.0.113.1:80 203.0.113.2:80 held',
      'BH_NETWORK_UNDECIDED',
    ]);
    expect(shown(await decide('203.0.113.1', ['GET / HTTP/1.1\r\nHost: a.example\r\n\r\n'], 80))).toContain(
      'by proxy.example',
    );
  });

  test('a client that says little by little is not listened to without end', async () => {
    const { decide, look } = scene(allowed);
    await look('a.example');
    const hello = tls('a.example').split('');
    expect(shown(await decide('203.0.113.1', hello))).toBe('BH_NETWORK_FIRST_BYTES');
    const pieces = [...hello.slice(0, 50), hello.slice(50).join('')];
    expect(shown(await decide('203.0.113.1', pieces))).toBe('203.0.113.1:443 203.0.113.2:443');
  });

  test('a client that ends without a word is let end', async () => {
    const { decider, look } = scene(allowed);
    await look('a.example');
    const peek = async () => Promise.resolve({ bytes: Buffer.alloc(0), all: true });
    const held = await decider.decide({ from, to: { address: '203.0.113.1', port: 22 }, peek }, signal);
    if (held.kind !== 'held') throw new Error('not held');
    expect(shown(await held.rest())).toContain('203.0.113.1:22');
  });

  test('what no rule about registries names is asked whether it is one, at the addresses the gateway finds', async () => {
    const { decide, look, asked } = scene({ registryAccess: { rules: [{ host: 'ghcr.io' }] } });
    for (const name of ['a.example', 'b.example']) await look(name);
    asked.length = 0;
    expect(shown(await decide('203.0.113.2', [tls('b.example')]))).toBe('BH_NETWORK_REGISTRY');
    expect(shown(await decide('203.0.113.1', [tls('a.example')]))).toBe('203.0.113.1:443');
    expect(asked.filter((each) => each.startsWith('registry'))).toEqual([
      'registry https://b.example:443 203.0.113.2',
      'registry https://a.example:443 203.0.113.1',
    ]);
  });

  test('goes by the way out, which sees the name for every port', async () => {
    const seen: string[] = [];
    const proxy = { kind: 'proxy', protocol: 'http', host: 'proxy.example', port: 3128 } as const;
    const { decide, look } = scene(allowed, {
      wayOut: async ({ name = '', port }) => {
        seen.push(`${name}:${port}`);
        if (port === 22)
          return Promise.resolve({ kind: 'refuse', refusal: { code: 'BH_CONTAINERS_PROXY', params: {} } });
        return Promise.resolve({
          kind: 'hops',
          hops: port === 80 ? [{ kind: 'direct' }] : [proxy, { kind: 'direct' }],
        });
      },
    });
    await look('a.example');
    expect(shown(await decide('203.0.113.1', [tls('a.example')]))).toBe(
      '203.0.113.1:443 203.0.113.2:443 by proxy.example direct',
    );
    expect(shown(await decide('203.0.113.1', ['\0\x01'], 80))).toBe('203.0.113.1:80 203.0.113.2:80');
    expect(shown(await decide('203.0.113.1', ['\0\x01'], 22))).toBe('BH_CONTAINERS_PROXY');
    expect(seen).toEqual(['a.example:443', 'a.example:80', 'a.example:22']);
  });

  describe('by a way that hangs on the name', () => {
    const proxy = { kind: 'proxy', protocol: 'http', host: 'proxy.example', port: 3128 } as const;
    /** b.example is refused, a.example, which has one of its addresses, needs no proxy, and everything else goes by one. */
    const byName: Partial<ConnectFacts> = {
      wayByName: () => true,
      wayOut: async ({ name }) => {
        const refusal = { code: 'BH_CONTAINERS_PROXY', params: {} } as const;
        if (name === 'b.example') return Promise.resolve({ kind: 'refuse', refusal });
        return Promise.resolve({ kind: 'hops', hops: [name === 'a.example' ? { kind: 'direct' } : proxy] });
      },
    };
    const direct = '203.0.113.2:443';

    test('the one that is asked for counts, whatever else was resolved to the address since', async () => {
      const { decide, look } = scene({}, byName);
      for (const name of ['b.example', 'a.example']) await look(name);
      expect(shown(await decide('203.0.113.2', [tls('b.example')]))).toBe('BH_CONTAINERS_PROXY');
      expect(shown(await decide('203.0.113.2', [tls('a.example')]))).toBe(direct);
    });

    test('to wait until the server is dialled is no way round it', async () => {
      const { decide, look } = scene({}, byName);
      for (const name of ['b.example', 'a.example']) await look(name);
      const held = await decide('203.0.113.2', [`…${tls('b.example')}`]);
      expect([shown(held), held.kind === 'held' ? shown(await held.rest()) : '']).toEqual([
        `${direct} held`,
        'BH_CONTAINERS_PROXY',
      ]);
    });
  });

  test('a registry that answers so to its address alone is one to who asks for that, though the address has a name that is none', async () => {
    const { decide, look, names } = scene({ registryAccess: { rules: [{ host: 'ghcr.io' }] } });
    names['c.example'] = ['203.0.113.4'];
    await look('c.example');
    const asksFor = (host: string): string[] => [`GET /v2/ HTTP/1.1\r\nHost: ${host}\r\n\r\n`];
    expect(shown(await decide('203.0.113.4', asksFor('c.example'), 80))).toBe('203.0.113.4:80');
    expect(shown(await decide('203.0.113.4', asksFor('203.0.113.4'), 80))).toBe('BH_NETWORK_REGISTRY');
  });

  test('a registry is looked for by the way out, and not at all where there is none', async () => {
    const proxy = { kind: 'proxy', protocol: 'http', host: 'proxy.example', port: 3128 } as const;
    const refusal = { code: 'BH_CONTAINERS_PROXY', params: {} } as const;
    const policy = { registryAccess: { rules: [{ host: 'ghcr.io' }] } };
    const { decide, look, asked } = scene(policy, {
      wayOut: async ({ port }) =>
        Promise.resolve(port === 443 ? { kind: 'hops', hops: [proxy] } : { kind: 'refuse', refusal }),
    });
    for (const name of ['a.example', 'b.example']) await look(name);
    asked.length = 0;
    expect(shown(await decide('203.0.113.2', [tls('b.example')]))).toBe('BH_NETWORK_REGISTRY');
    expect(shown(await decide('203.0.113.1', [tls('a.example')]))).toContain('by proxy.example');
    expect(shown(await decide('203.0.113.1', [tls('a.example')], 8443))).toBe('BH_CONTAINERS_PROXY');
    expect(asked.filter((each) => each.startsWith('registry'))).toEqual([
      'registry https://b.example:443 203.0.113.2 by proxy.example for b.example',
      'registry https://a.example:443 203.0.113.1 by proxy.example for a.example',
    ]);
  });

  test('a registry is looked for at no address that is refused', async () => {
    const { decide, look, asked, names } = scene({
      ...rules({ to: 'a.example', action: 'allow' }),
      registryAccess: { rules: [{ host: 'ghcr.io' }] },
    });
    names['a.example'] = ['10.0.0.5', '203.0.113.1'];
    await look('a.example');
    expect(shown(await decide('203.0.113.1', [tls('a.example')]))).toBe('203.0.113.1:443');
    expect(asked.filter((each) => each.startsWith('registry'))).toEqual([
      'registry https://a.example:443 203.0.113.1',
    ]);
  });

  test.each([
    ['is allowed', allowed, 'a.example'],
    ['is allowed below a domain', rules({ to: '*.example', action: 'allow' }), 'a.example'],
    ['is a registry or not', { registryAccess: { rules: [{ host: 'ghcr.io' }] } }, 'a.example'],
    ['is allowed by its address', rules({ to: '203.0.113.0/24', action: 'allow' }), '203.0.113.1'],
    [
      'has addresses that are denied, and others',
      { networkAccess: { default: 'allow', rules: [{ to: '203.0.113.2', action: 'deny' }] } },
      '203.0.113.1',
    ],
  ])(
    'a proxy is given a name that %s, or else an address that was judged',
    async (_what, policy, expected) => {
      const proxy = { kind: 'proxy', protocol: 'socks5', host: 'proxy.example', port: 1080 } as const;
      const { decide, look } = scene(policy, {
        wayOut: async () => Promise.resolve({ kind: 'hops', hops: [proxy] }),
      });
      await look('a.example');
      const verdict = await decide('203.0.113.1', [tls('a.example')]);
      expect(verdict.kind === 'through' ? verdict.ask : shown(verdict)).toEqual({
        host: expected,
        port: 443,
      });
    },
  );

  test('a world that fails lets nothing through', async () => {
    const failing = { resolve: async () => Promise.reject(new Error('no name server')) };
    const { decide, look } = scene(allowed, failing);
    await look('a.example');
    await expect(decide('203.0.113.1', [tls('a.example')])).rejects.toThrow('no name server');
    const gone = new AbortController();
    const { decider } = scene(allowed);
    const pending = decider.decide(
      { from, to: { address: '203.0.113.1', port: 443 }, peek: peekOf([]) },
      gone.signal,
    );
    gone.abort();
    await expect(pending).rejects.toThrow('aborted');
  });
});
