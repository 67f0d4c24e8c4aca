import { once } from 'node:events';
import { connect, performServerHandshake } from 'node:http2';
import { expect, test } from 'vitest';
import { connectChannel } from './connect-channel.js';
import { greetHost } from './handshake.js';
import { SessionLife } from './session-life.js';
import { ManualClock } from './test-support/manual-clock.js';
import { openSession } from './test-support/session.js';
import { readAll, socketPair } from './test-support/streams.js';

const liveness = { pingIntervalMs: 5_000, pingTimeoutMs: 20_000 };

test('a guest that no longer answers pings is given up after the deadline', async () => {
  const clock = new ManualClock();
  const [host, guest] = await socketPair();
  const [channel] = await Promise.all([
    connectChannel(host, { clock, ...liveness }),
    greetHost(guest, { clock }),
  ]);
  const request = channel.status();
  const passing = clock.advanceWhenSleeping(5_000).then(() => clock.advanceWhenSleeping(20_000));
  await expect(request).rejects.toMatchObject({ code: 'BH_CHANNEL_CLOSED' });
  await passing;
  expect(await channel.closed).toMatchObject({
    reason: 'unresponsive',
    error: { code: 'BH_CHANNEL_UNRESPONSIVE', params: { ms: 20_000 } },
  });
  expect(host.destroyed).toBe(true);
});

test('a guest that answers is asked again and kept', async () => {
  const clock = new ManualClock();
  const { channel } = await openSession({}, { clock, ...liveness });
  for (let round = 0; round < 5; round++) await clock.advanceWhenSleeping(5_000);
  expect(await channel.status()).toEqual({ well: true });
});

test('who was asked since the last time does not ask, and asks again when the other stops', async () => {
  const clock = new ManualClock();
  const [host, guest] = await socketPair();
  const other = connect('http://other', { createConnection: () => host });
  const ask = (): Promise<void> => new Promise((resolve) => void other.ping(() => resolve()));
  let asked = 0;
  other.on('ping', () => (asked += 1));
  const { life } = await SessionLife.begin(guest, () => performServerHandshake(guest), {
    clock,
    ...liveness,
  });
  await ask();
  await clock.advanceWhenSleeping(5_000);
  // Its answer comes behind any question of its own.
  await ask();
  expect(asked).toBe(0);
  await clock.advanceWhenSleeping(5_000);
  await clock.advanceWhenSleeping(5_000);
  await expect.poll(() => asked).toBe(1);
  await life.close();
});

test('close tells the guest at once, though the byte stream stays open', async () => {
  const { channel, served, host } = await openSession({}, { keepStreamOpen: true });
  const stream = await channel.openEngine();
  await channel.close();
  expect(await served.closed).toEqual({ reason: 'peer-closed' });
  expect(host.destroyed).toBe(false);
  expect(await channel.closed).toEqual({ reason: 'closed' });
  await expect(readAll(stream)).rejects.toMatchObject({ code: 'BH_CHANNEL_CLOSED' });
});

test('close releases the byte stream even when the guest reads nothing', async () => {
  const clock = new ManualClock();
  const [host, guest] = await socketPair();
  const [channel] = await Promise.all([connectChannel(host, { clock }), greetHost(guest, { clock })]);
  await channel.close();
  if (!host.closed) await once(host, 'close');
  expect(host.destroyed).toBe(true);
});
