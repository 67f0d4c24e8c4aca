import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { parseAddress, parseHost } from '../../common/authority.js';
import { parseIpAddress } from '../../common/ip-address.js';
import { connectPolicyOf, type HostLoopback } from '../connect-access/index.js';
import { settingsOf } from '../test-support/settings.js';
import { type DialFacts, dialRegistry } from './dial-registry.js';

interface World {
  readonly bulkhead?: object;
  readonly addresses?: readonly string[];
  readonly failing?: readonly string[];
  readonly wayOut?: DialFacts['wayOut'];
  readonly hostLoopback?: HostLoopback;
}

/** What is connected to for a registry, or what is thrown. */
async function dialled(
  text: string,
  { bulkhead = {}, addresses = [], failing = [], wayOut, hostLoopback }: World,
) {
  const host = parseAddress(text) ?? parseHost(text);
  if (host === undefined) throw new Error('no host');
  const opened: string[] = [];
  const facts: DialFacts = {
    resolve: async () => ({ ttl: 1, addresses: addresses.flatMap((each) => parseIpAddress(each) ?? []) }),
    async open(to, port) {
      opened.push(`${to}:${port}`);
      if (failing.includes(to)) throw new Error(`${to} is down`);
      return new PassThrough();
    },
    ...(wayOut === undefined ? {} : { wayOut }),
  };
  const policy = connectPolicyOf(
    settingsOf({ bulkhead: { contact: 'it@acme.test', ...bulkhead } }),
    hostLoopback,
  );
  const place = { scheme: 'https', host, port: 443 } as const;
  const said = dialRegistry(policy, facts, place, AbortSignal.timeout(5000));
  return said.then(
    () => opened,
    (error: unknown) => [String(error), ...opened],
  );
}

const listed = { registryAccess: { rules: [{ host: 'ghcr.io' }] } };
const denied = { networkAccess: { default: 'deny', rules: [] } };

test('a registry is connected to at the first of its addresses that answers', async () => {
  expect(await dialled('ghcr.io', { addresses: ['192.0.2.1', '2001:db8::1'] })).toEqual(['192.0.2.1:443']);
  expect(
    await dialled('ghcr.io', { addresses: ['192.0.2.1', '2001:db8::1'], failing: ['192.0.2.1'] }),
  ).toEqual(['192.0.2.1:443', '2001:db8::1:443']);
  expect(await dialled('192.0.2.9', {})).toEqual(['192.0.2.9:443']);
  expect((await dialled('ghcr.io', {}))[0]).toContain('ghcr.io has no address');
  expect((await dialled('ghcr.io', { addresses: ['192.0.2.1'], failing: ['192.0.2.1'] }))[0]).toContain(
    '192.0.2.1 is down',
  );
});

test('never at an address of this machine, whatever its name says', async () => {
  for (const address of ['127.0.0.1', '169.254.169.254', '::1', '::ffff:127.0.0.1', '0.0.0.0'])
    expect(await dialled('ghcr.io', { bulkhead: listed, addresses: [address] })).toEqual([
      'Error: it has no address that may be connected to',
    ]);
  expect(await dialled('127.0.0.1', {})).toEqual(['Error: it has no address that may be connected to']);
  expect(await dialled('ghcr.io', { addresses: ['127.0.0.1', '192.0.2.1'] })).toEqual(['192.0.2.1:443']);
});

test('one that is listed needs no rule for connections, and what else the engine asks for does', async () => {
  const rules = { ...listed, ...denied };
  expect(await dialled('ghcr.io', { bulkhead: rules, addresses: ['10.0.0.5'] })).toEqual(['10.0.0.5:443']);
  const [refusal] = await dialled('files.test', { bulkhead: denied, addresses: ['192.0.2.1'] });
  expect(refusal).toContain('rule network-access');
});

test('by the way the policy says, or not at all', async () => {
  const addresses = ['192.0.2.1'];
  const asked: unknown[] = [];
  const proxy = { kind: 'proxy', protocol: 'http', host: '192.0.2.99', port: 3128 } as const;
  const wayOut: DialFacts['wayOut'] = async ({ who, name, port, first }) => {
    asked.push([who.kind, name, port, first?.kind]);
    return { kind: 'hops', hops: [proxy] };
  };
  // The stream of this test says nothing: that the proxy was connected to is what counts.
  const world = { addresses, wayOut, failing: ['192.0.2.99'] };
  expect((await dialled('ghcr.io', world)).at(-1)).toBe('192.0.2.99:3128');
  expect(asked).toEqual([['engine', 'ghcr.io', 443, 'tls']]);
  const params = { who: 'the engine', destination: 'ghcr.io', reason: 'no proxy', contact: 'it@acme.test' };
  const refusal = { code: 'BH_CONTAINERS_PROXY', params } as const;
  const refusing: DialFacts['wayOut'] = async () => ({ kind: 'refuse', refusal });
  const [said, ...opened] = await dialled('ghcr.io', { addresses, wayOut: refusing });
  expect([said?.includes('no proxy'), opened]).toEqual([true, []]);
});

test('at the loopback of the host by its own name or address, where that is open, and past every proxy', async () => {
  const addresses = ['203.0.113.252'];
  const proxy = { kind: 'proxy', protocol: 'http', host: '192.0.2.99', port: 3128 } as const;
  const wayOut: DialFacts['wayOut'] = async () => ({ kind: 'hops', hops: [proxy] });
  const open = { addresses, wayOut, hostLoopback: 'open' } as const;
  const rules = (host: string): object => ({ registryAccess: { rules: [{ host }] }, ...denied });
  const bulkhead = rules('host.docker.internal');
  for (const name of ['host.docker.internal', '203.0.113.252'])
    expect(await dialled(name, { ...open, bulkhead })).toEqual(['127.0.0.1:443']);
  expect(await dialled('host.docker.internal', { addresses, bulkhead })).toEqual([
    expect.stringContaining('rule host-loopback'),
  ]);
  expect((await dialled('host.docker.internal', { ...open, bulkhead: rules('ghcr.io') }))[0]).toContain(
    'rule network-access',
  );
  // Nor by the name of a registry that is listed and has that address.
  const stranger = { ...open, bulkhead: { registryAccess: { rules: [{ host: 'ghcr.io' }] } } };
  expect(await dialled('ghcr.io', stranger)).toEqual(['Error: it has no address that may be connected to']);
});
