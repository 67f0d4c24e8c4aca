import { expect, test } from 'vitest';
import { ManualClock } from '../../channel/test-support/manual-clock.js';
import { ownIpv4 } from './own-ipv4.js';

interface Member {
  readonly IPv4Address: string;
  readonly IPv6Address: string;
}

/** Networks by name, with who is in them. */
function engine(networks: Readonly<Record<string, readonly Member[]>>) {
  return {
    call: async (_method: string, path: string) => {
      const said =
        path === '/networks'
          ? Object.keys(networks).map((Id) => ({ Id }))
          : {
              Containers: Object.fromEntries(Object.entries(networks[path.slice('/networks/'.length)] ?? [])),
            };
      return { status: 200, body: JSON.stringify(said) };
    },
  };
}

const never = new AbortController().signal;

test('a container has the IPv4 address it has in the same network, however the other is written', async () => {
  const client = engine({
    other: [{ IPv4Address: '172.17.0.2/16', IPv6Address: '' }],
    dual: [
      { IPv4Address: '172.18.0.2/16', IPv6Address: 'fd00:1::2/64' },
      { IPv4Address: '172.18.0.3/16', IPv6Address: 'fd00:1::3/64' },
    ],
  });
  expect(await ownIpv4('fd00:1:0::3', client, new ManualClock(), never)).toBe('172.18.0.3');
});

test('one of a network without IPv4 has none', async () => {
  const client = engine({ six: [{ IPv4Address: '', IPv6Address: 'fd00:2::2/64' }] });
  expect(await ownIpv4('fd00:2::2', client, new ManualClock(), never)).toBeUndefined();
});

test('where two containers have the same address, neither is taken for the other', async () => {
  const client = engine({
    one: [{ IPv4Address: '172.18.0.2/16', IPv6Address: 'fd00:1::2/64' }],
    two: [{ IPv4Address: '172.19.0.2/16', IPv6Address: 'fd00:1::2/64' }],
  });
  const clock = new ManualClock();
  const found = ownIpv4('fd00:1::2', client, clock, never);
  for (let second = 0; second < 60; second++) await clock.advanceWhenSleeping(1000);
  expect(await found).toBeUndefined();
});

test('an engine that still has one of before with the same addresses is believed', async () => {
  const addresses = { IPv4Address: '172.18.0.2/16', IPv6Address: 'fd00:1::2/64' };
  const client = engine({ both: [addresses, addresses] });
  expect(await ownIpv4('fd00:1::2', client, new ManualClock(), never)).toBe('172.18.0.2');
});

test('an engine that fails, or does not know the address yet, is asked again', async () => {
  const clock = new ManualClock();
  const dual: Member[] = [];
  const answering = engine({ dual });
  let lists = 0;
  const client = {
    call: async (method: string, path: string) => {
      if (path === '/networks') lists += 1;
      if (lists === 1) throw new Error('ECONNREFUSED');
      if (lists === 3 && dual.length === 0)
        dual.push({ IPv4Address: '172.18.0.2/16', IPv6Address: 'fd00:1::2/64' });
      return answering.call(method, path);
    },
  };
  const found = ownIpv4('fd00:1::2', client, clock, never);
  await clock.advanceWhenSleeping(1000);
  await clock.advanceWhenSleeping(1000);
  expect(await found).toBe('172.18.0.2');
  expect(lists).toBe(3);
});

test('nobody waits for one that is silent once it does not matter any more', async () => {
  const over = new AbortController();
  const client = { call: () => new Promise<never>(() => undefined) };
  const found = ownIpv4('fd00:1::2', client, new ManualClock(), over.signal);
  over.abort();
  expect(await found).toBeUndefined();
});
