import { expect, test } from 'vitest';
import { ipAddressText, parseIpAddress } from '../../common/ip-address.js';
import { asker } from './connect-decider.test-support.js';
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
  await expect(known.isRegistry(question, asker)).rejects.toThrow('no answer');
  expect(await Promise.all([known.isRegistry(question, asker), known.isRegistry(question, asker)])).toEqual([
    false,
    false,
  ]);
  now += 3600 * 1000;
  expect(await known.isRegistry(question, asker)).toBe(true);
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
    return known.isRegistry(question, asker);
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
  expect([await known.isRegistry(question, asker), await known.isRegistry(question, asker)]).toEqual([
    'unsaid',
    false,
  ]);
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
    known.isRegistry(
      { ...question, addresses: addresses.flatMap((text) => parseIpAddress(text) ?? []) },
      asker,
    );
  expect(await leading('203.0.113.1', '203.0.113.2')).toBe(false);
  expect(await leading('203.0.113.2', '203.0.113.1')).toBe(false);
  expect(await leading('203.0.113.3')).toBe(true);
  expect(asked).toEqual(['203.0.113.1,203.0.113.2', '203.0.113.3']);
  const proxy = { kind: 'proxy', protocol: 'http', host: 'proxy.example', port: 3128 } as const;
  const through = { hops: [proxy], ask: { host: 'a.example', port: 443 } };
  for (const by of [{}, { through }, { through }]) await known.isRegistry({ ...question, ...by }, asker);
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
  for (let port = 1; port <= 4097; port += 1) await known.isRegistry({ ...question, port }, asker);
  await known.isRegistry({ ...question, port: 4097 }, asker);
  expect(count).toBe(4097);
  await known.isRegistry({ ...question, port: 1 }, asker);
  expect(count).toBe(4098);
});

test('a client that asks for many has no more under way than some, and another is asked at once', async () => {
  const asked: string[] = [];
  const known = new KnownRegistries(
    async ({ host }) => {
      asked.push(host);
      return new Promise(() => {});
    },
    () => 0,
  );
  const gone = new AbortController();
  const theirs = { client: 'hostile', signal: gone.signal };
  const left = Array.from({ length: 100 }, async (_, index) =>
    known.isRegistry({ ...question, host: `h${index}.example` }, theirs),
  );
  expect(asked).toHaveLength(8);
  // One that waits among theirs, too.
  void known.isRegistry({ ...question, host: 'h99.example' }, asker);
  expect(asked.slice(8)).toEqual(['h99.example']);
  gone.abort(new Error('gone'));
  const reasons = (await Promise.allSettled(left)).map((one) => String('reason' in one && one.reason));
  expect(reasons).toEqual(Array.from({ length: 100 }, () => 'Error: gone'));
  expect(asked).toHaveLength(9);
});

test('what everybody who asked has left is asked anew', async () => {
  const signals: AbortSignal[] = [];
  const again: Promise<unknown>[] = [];
  const known = new KnownRegistries(
    async (_, { signal }) => {
      signals.push(signal);
      // At the very moment.
      signal.addEventListener('abort', () => void again.push(known.isRegistry(question, asker)));
      return signals.length > 1 ? Promise.resolve('registry') : new Promise(() => {});
    },
    () => 0,
  );
  const gone = new AbortController();
  const waiting = known.isRegistry(question, { ...asker, signal: gone.signal });
  gone.abort(new Error('gone'));
  await expect(waiting).rejects.toThrow('gone');
  expect([await known.isRegistry(question, asker), await again[0]]).toEqual([true, true]);
  expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
});
