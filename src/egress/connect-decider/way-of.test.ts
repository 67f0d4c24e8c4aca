import { describe, expect, test } from 'vitest';
import { type IpAddress, parseIpAddress } from '../../common/ip-address.js';
import type { Connection, Target } from '../connect-access/index.js';
import type { DecidedWay } from '../containers-proxy/index.js';
import type { FirstBytes } from '../first-bytes/index.js';
import { wayOf } from './way-of.js';

const at = (text: string): IpAddress => {
  const address = parseIpAddress(text);
  if (address === undefined) throw new Error(text);
  return address;
};
const addresses: Record<string, readonly string[]> = {
  'plain.example': ['203.0.113.1'],
  'bad.example': ['203.0.113.1'],
};

/** plain.example goes directly, bad.example is refused, and everything else goes by a proxy. */
async function way(
  connection: Partial<Omit<Connection, 'address'>> & { readonly address?: string },
  name?: string,
): Promise<string> {
  const address = at(connection.address ?? '203.0.113.1');
  const port = 443;
  const target: Target =
    name === undefined ? { kind: 'address', address, port } : { kind: 'name', name, port };
  const proxy = { kind: 'proxy', protocol: 'http', host: 'proxy.example', port: 3128 } as const;
  const decided = await wayOf(
    {
      resolve: async (asked) => Promise.resolve({ addresses: (addresses[asked] ?? []).map(at), ttl: 60 }),
      wayOut: async (outbound): Promise<DecidedWay> => {
        const refusal = { code: 'BH_CONTAINERS_PROXY', params: {} } as const;
        if (outbound.name === 'bad.example') return Promise.resolve({ kind: 'refuse', refusal });
        const isPlain = outbound.name === 'plain.example';
        return Promise.resolve({ kind: 'hops', hops: [isPlain ? { kind: 'direct' } : proxy] });
      },
    },
    { who: { kind: 'build' }, names: [], ...connection, address, port },
    { target, address },
  );
  return decided.kind === 'refuse' ? 'refused' : decided.hops[0].kind;
}

const tls = (serverName?: string): FirstBytes => ({
  kind: 'tls',
  alpn: [],
  encrypted: false,
  ...(serverName === undefined ? {} : { serverName }),
});
const http = (host: string, form: 'origin' | 'absolute' | 'authority' = 'origin'): FirstBytes => ({
  kind: 'http',
  method: 'GET',
  form,
  authority: { host },
});

describe('the way out of a connection', () => {
  test.each([tls('bad.example'), http('bad.example')])(
    'is that of the name that is asked for, whichever was resolved last, or none (%#)',
    async (first) => {
      expect(await way({ first, names: ['plain.example', 'bad.example'] })).toBe('refused');
      expect(await way({ first })).toBe('refused');
    },
  );

  test('is that of a name the gateway itself finds the address of', async () => {
    expect(await way({ first: tls('plain.example') })).toBe('direct');
    expect(await way({ first: tls('plain.example'), names: ['bad.example'] })).toBe('direct');
  });

  test('is that of the address where the name that is asked for does not have it, and nothing where that is refused', async () => {
    const names = ['plain.example'];
    expect(await way({ first: tls('plain.example'), address: '203.0.113.9' })).toBe('proxy');
    expect(await way({ first: tls('other.example'), names })).toBe('proxy');
    expect(await way({ first: tls('bad.example'), address: '203.0.113.9', names })).toBe('refused');
  });

  test.each([tls(), http('203.0.113.1'), http('bad.example', 'absolute'), { kind: 'other' } as const])(
    'is that of the last name that was resolved where none is asked for here (%#)',
    async (first) => {
      expect(await way({ first, names: ['plain.example', 'bad.example'] })).toBe('direct');
      expect(await way({ first })).toBe('proxy');
    },
  );

  test('is that of the name it was allowed as', async () => {
    expect(await way({ first: tls('bad.example') }, 'plain.example')).toBe('direct');
  });
});
