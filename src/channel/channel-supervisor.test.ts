import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../common/system-clock.js';
import type { ChannelHandlers, ServedChannel } from './channel.js';
import { ChannelSupervisor, type SupervisorOptions } from './channel-supervisor.js';
import { serveChannel } from './serve-channel.js';
import { SessionStream } from './session-stream.js';
import { ManualClock } from './test-support/manual-clock.js';
import { echoHandlers } from './test-support/session.js';
import { nextChunk, readAll, socketPair } from './test-support/streams.js';

function supervise(raw: Socket, options: Partial<SupervisorOptions> = {}) {
  const states: string[] = [];
  const supervisor = new ChannelSupervisor({
    openStream: async () => raw,
    keepStreamOpen: true,
    clock: systemClock,
    onState: ({ state }) => states.push(state),
    ...options,
  });
  onTestFinished(() => supervisor.close());
  return { supervisor, states };
}

/** Serves one session on a byte stream that outlives it, as the guest's port does. */
function serve(raw: Socket, handlers: Partial<ChannelHandlers> = {}): Promise<ServedChannel> {
  return serveChannel(new SessionStream(raw), { ...echoHandlers, ...handlers }, { clock: systemClock });
}

test('a guest that dies in the middle of a transfer and comes back is greeted again on the same stream', async () => {
  const [host, guest] = await socketPair();
  const { supervisor, states } = supervise(host);
  supervisor.portOpened();
  const served = await serve(guest, { engine: (stream) => void stream.write(randomBytes(5_000_000)) });
  const channel = await supervisor.current();
  const streams = await Promise.all([channel.openEngine(), channel.openEngine()]);
  await Promise.all(streams.map((stream) => once(stream, 'readable')));
  const cut = Promise.all(
    streams.map((stream) => expect(readAll(stream)).rejects.toMatchObject({ name: 'BulkheadError' })),
  );
  // What a dying guest leaves: the head of a frame of 16 KiB and a part of it.
  guest.write(Buffer.concat([Buffer.from([0, 0x40, 0, 0, 0, 0, 0, 0, 1]), randomBytes(5_000)]));
  await served.close();
  supervisor.portClosed();
  await cut;

  supervisor.portOpened();
  await serve(guest);
  const next = await supervisor.current();
  expect(next).not.toBe(channel);
  const stream = await next.openEngine();
  stream.end('again');
  expect(String(await readAll(stream))).toBe('again');
  expect(host.destroyed).toBe(false);
  expect(states).toEqual(['connecting', 'up', 'waiting', 'connecting', 'up']);
});

test('a session that ends while the port stays open is replaced', async () => {
  const [host, guest] = await socketPair();
  const { supervisor } = supervise(host, { portOpen: true });
  for (let round = 0; round < 3; round++) {
    const served = await serve(guest);
    const channel = await supervisor.current();
    expect(await channel.status()).toEqual({ well: true });
    await served.close();
    await channel.closed;
  }
});

test('a greeting without an answer is repeated with a new nonce, later each time', async () => {
  const clock = new ManualClock();
  const [host, guest] = await socketPair();
  supervise(host, { clock, portOpen: true, currentTimeoutMs: 99_000 });
  const nonces = new Set<string>();
  for (const [deadline, pause] of [
    [2_000, 100],
    [4_000, 200],
    [8_000, 400],
  ] as const) {
    nonces.add(String(await nextChunk(guest)));
    await clock.advanceWhenSleeping(deadline);
    await clock.advanceWhenSleeping(pause);
  }
  expect(nonces.size).toBe(3);
});

test('without a channel `current` gives up at its deadline and with its signal', async () => {
  const clock = new ManualClock();
  const [host] = await socketPair();
  const { supervisor } = supervise(host, { clock, currentTimeoutMs: 700 });
  const waiting = supervisor.current();
  const passing = clock.advanceWhenSleeping(700);
  await expect(waiting).rejects.toMatchObject({ code: 'BH_CHANNEL_TIMEOUT', params: { ms: 700 } });
  await passing;
  const controller = new AbortController();
  const reason = new Error('enough');
  const aborted = supervisor.current(controller.signal);
  controller.abort(reason);
  await expect(aborted).rejects.toBe(reason);
});

test('a guest of another version is not asked again until it reopens its port', async () => {
  const [host, guest] = await socketPair();
  const { supervisor, states } = supervise(host, { portOpen: true });
  guest.once('data', (line: Buffer) => guest.write(line.toString().replace('/1 ', '/2 ')));
  await expect(supervisor.current()).rejects.toMatchObject({ code: 'BH_CHANNEL_VERSION' });
  supervisor.portClosed();
  guest.pause();
  supervisor.portOpened();
  await serve(guest);
  await supervisor.current();
  expect(states).toEqual(['connecting', 'incompatible', 'waiting', 'connecting', 'up']);
});

test('close ends the session, the waiters and the greeting', async () => {
  const [host, guest] = await socketPair();
  const { supervisor } = supervise(host, { portOpen: true });
  await serve(guest);
  const channel = await supervisor.current();
  await supervisor.close();
  expect(await channel.closed).toEqual({ reason: 'closed' });
  await expect(supervisor.current()).rejects.toMatchObject({ code: 'BH_CHANNEL_CLOSED' });

  const [other] = await socketPair();
  const second = supervise(other, { portOpen: true }).supervisor;
  const waiting = second.current();
  await Promise.all([second.close(), expect(waiting).rejects.toMatchObject({ code: 'BH_CHANNEL_CLOSED' })]);
});
