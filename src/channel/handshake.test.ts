import { once } from 'node:events';
import { expect, test } from 'vitest';
import { systemClock } from '../common/system-clock.js';
import { connectChannel } from './connect-channel.js';
import { greetGuest, greetHost } from './handshake.js';
import { formatHandshake } from './handshake-parser.js';
import { ManualClock } from './test-support/manual-clock.js';
import { nextChunk, socketPair } from './test-support/streams.js';

const options = { clock: systemClock, timeoutMs: 5_000 };
const stale = Buffer.from('\0\x40\0 half a frame bulkhead-channel/1 ffff', 'latin1');

test('both sides skip what an earlier session left and meet', async () => {
  const [host, guest] = await socketPair();
  host.write(stale);
  guest.write(Buffer.concat([stale, formatHandshake({ version: 1, nonce: 'e'.repeat(32) })]));
  await expect(Promise.all([greetGuest(host, options), greetHost(guest, options)])).resolves.toHaveLength(2);
});

test('what follows the answer stays in the stream', async () => {
  const [host, guest] = await socketPair();
  const greeted = greetGuest(host, options);
  const line = await nextChunk(guest);
  guest.write(Buffer.concat([stale, line, Buffer.from('SETTINGS')]));
  await greeted;
  expect(String(host.read())).toBe('SETTINGS');
});

test('the guest answers the last line when earlier attempts lie before it', async () => {
  const [host, guest] = await socketPair();
  for (const digit of ['1', '2', '3']) host.write(formatHandshake({ version: 1, nonce: digit.repeat(32) }));
  await once(guest, 'readable');
  await greetHost(guest, options);
  const answer = await nextChunk(host);
  expect(String(answer)).toBe(`bulkhead-channel/1 ${'3'.repeat(32)}\n`);
});

test('an answer with another nonce is no answer', async () => {
  const [host, guest] = await socketPair();
  const clock = new ManualClock();
  const greeted = greetGuest(host, { clock, timeoutMs: 700 });
  guest.write(formatHandshake({ version: 1, nonce: 'a'.repeat(32) }));
  const passed = clock.advanceWhenSleeping(700);
  await expect(greeted).rejects.toMatchObject({ code: 'BH_CHANNEL_TIMEOUT', params: { ms: 700 } });
  await passed;
});

test('both sides name the versions when they differ', async () => {
  const [host, guest] = await socketPair();
  const greeted = greetGuest(host, options);
  const line = await nextChunk(guest);
  guest.write(String(line).replace('/1 ', '/7 '));
  await expect(greeted).rejects.toMatchObject({ code: 'BH_CHANNEL_VERSION', params: { guest: 7, host: 1 } });

  const [newHost, oldGuest] = await socketPair();
  newHost.write(formatHandshake({ version: 2, nonce: 'b'.repeat(32) }));
  await expect(greetHost(oldGuest, options)).rejects.toMatchObject({ params: { guest: 1, host: 2 } });
  const answer = await nextChunk(newHost);
  expect(String(answer)).toBe(`bulkhead-channel/1 ${'b'.repeat(32)}\n`);
});

test('a guest that names its version and goes at once is still understood', async () => {
  const [host, guest] = await socketPair();
  const connecting = connectChannel(host, { clock: systemClock });
  const line = await nextChunk(guest);
  guest.end(String(line).replace('/1 ', '/7 '));
  await expect(connecting).rejects.toMatchObject({ code: 'BH_CHANNEL_VERSION', params: { guest: 7 } });
  if (!host.closed) await once(host, 'close');
});

test('ends with the stream and with the signal', async () => {
  const [host, guest] = await socketPair();
  const greeted = greetGuest(host, options);
  guest.end();
  await expect(greeted).rejects.toMatchObject({ code: 'BH_CHANNEL_CLOSED' });

  const [other] = await socketPair();
  const controller = new AbortController();
  const reason = new Error('stop');
  const waiting = greetHost(other, { ...options, signal: controller.signal });
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  expect(other.destroyed).toBe(false);
});
