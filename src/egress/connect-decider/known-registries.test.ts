import { expect, test } from 'vitest';
import { ipAddressText, parseIpAddress } from '../../common/ip-address.js';
import { KnownRegistries } from './index.js';

const question = { scheme: 'https', host: 'a.example', port: 443, addresses: [] } as const;

test('asks once an hour, and forgets a failure', async () => {
  let [now, count] = [0, 0];
  const known = new KnownRegistries(
    async () => {
      count += 1;
      if (count === 1) throw new Error('no answer');
      return Promise.resolve(count > 2 ? 'registry' : 'none');
    },
    () => now,
  );
  await expect(known.isRegistry(question)).rejects.toThrow('no answer');
  expect(await Promise.all([known.isRegistry(question), known.isRegistry(question)])).toEqual([false, false]);
  now += 3600 * 1000;
  expect(await known.isRegistry(question)).toBe(true);
  expect(count).toBe(3);
});

test('asks again soon who broke off without a word', async () => {
  let [now, count] = [0, 0];
  const known = new KnownRegistries(
    async () => {
      count += 1;
      return Promise.resolve(count > 1 ? 'registry' : 'unspoken');
    },
    () => now,
  );
  const askAt = async (at: number): Promise<boolean | 'unsaid'> => {
    now = at;
    return known.isRegistry(question);
  };
  expect([await askAt(0), await askAt(9_999), await askAt(10_000)]).toEqual([false, false, true]);
  expect([await askAt(3600 * 1000), count]).toEqual([true, 2]);
});

test('asks again at once what could not say it', async () => {
  let count = 0;
  const known = new KnownRegistries(
    async () => {
      count += 1;
      return Promise.resolve(count > 1 ? 'none' : 'unsaid');
    },
    () => 0,
  );
  expect([await known.isRegistry(question), await known.isRegistry(question)]).toEqual(['unsaid', false]);
});

test('asks again where a name leads elsewhere, or by another way', async () => {
  const asked: string[] = [];
  const known = new KnownRegistries(
    async ({ addresses }) => {
      asked.push(addresses.map(ipAddressText).join());
      return Promise.resolve(asked.length > 1 ? 'registry' : 'none');
    },
    () => 0,
  );
  const leading = async (...addresses: readonly string[]): Promise<boolean | 'unsaid'> =>
    known.isRegistry({ ...question, addresses: addresses.flatMap((text) => parseIpAddress(text) ?? []) });
  expect(await leading('203.0.113.1', '203.0.113.2')).toBe(false);
  expect(await leading('203.0.113.2', '203.0.113.1')).toBe(false);
  expect(await leading('203.0.113.3')).toBe(true);
  expect(asked).toEqual(['203.0.113.1,203.0.113.2', '203.0.113.3']);
  const proxy = { kind: 'proxy', protocol: 'http', host: 'proxy.example', port: 3128 } as const;
  const through = { hops: [proxy], ask: { host: 'a.example', port: 443 } };
  for (const by of [{}, { through }, { through }]) await known.isRegistry({ ...question, ...by });
  expect(asked).toHaveLength(4);
});

test('keeps no more than it has room for', async () => {
  let count = 0;
  const known = new KnownRegistries(
    async () => {
      count += 1;
      return Promise.resolve('none');
    },
    () => 0,
  );
  for (let port = 1; port <= 4097; port += 1) await known.isRegistry({ ...question, port });
  await known.isRegistry({ ...question, port: 4097 });
  expect(count).toBe(4097);
  await known.isRegistry({ ...question, port: 1 });
  expect(count).toBe(4098);
});
