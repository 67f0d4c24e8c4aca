import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, statSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../common/system-clock.js';
import type { Channel } from './channel.js';
import { type ForwardOptions, forwardConnections } from './forward-connections.js';
import { joinDuplex } from './join-duplex.js';
import { ManualClock } from './test-support/manual-clock.js';
import { openSession } from './test-support/session.js';
import { nextChunk, readAll, temporaryDirectory } from './test-support/streams.js';

/** client ↔ docker.sock ↔ channel ↔ engine.sock ↔ engine */
async function forwarded(engine: (socket: Socket) => void, options: Partial<ForwardOptions> = {}) {
  const directory = await temporaryDirectory();
  const enginePath = join(directory, 'engine.sock');
  const server = createServer({ allowHalfOpen: true }, engine).listen(enginePath);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { channel } = await openSession({
    engine: (stream) => void joinDuplex(stream, connect({ path: enginePath, allowHalfOpen: true })),
  });
  const path = join(directory, 'docker.sock');
  const forwarder = await forwardConnections({
    path,
    channel: async () => channel,
    clock: systemClock,
    ...options,
  });
  onTestFinished(() => forwarder.close());
  const open = (): Socket => connect({ path, allowHalfOpen: true }).on('error', () => undefined);
  return { channel, forwarder, path, open };
}

test("the socket is the owner's alone and goes with the forwarder", async () => {
  const { path, forwarder } = await forwarded((socket) => socket.end());
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await forwarder.close();
  expect(existsSync(path)).toBe(false);
});

test('200 connections at once, each closed by half from the client', async () => {
  const { open } = await forwarded((socket) => void socket.pipe(socket));
  await Promise.all(
    Array.from({ length: 200 }, async () => {
      const block = randomBytes(50_000);
      const client = open();
      client.end(block);
      expect((await readAll(client)).equals(block)).toBe(true);
    }),
  );
});

test('a hijacked connection goes on after the engine has ended its side', async () => {
  const input: Promise<Buffer>[] = [];
  const { open } = await forwarded((socket) => {
    socket.end('output');
    input.push(readAll(socket));
  });
  const client = open();
  expect(String(await readAll(client))).toBe('output');
  client.write('more ');
  client.end('input');
  if (!client.closed) await once(client, 'close');
  expect((await Promise.all(input)).map(String)).toEqual(['more input']);
});

test('a client that vanishes takes its engine connection with it', async () => {
  const { promise: engine, resolve } = Promise.withResolvers<Socket>();
  const { open } = await forwarded(resolve);
  const client = open();
  client.write('x');
  const socket = await engine;
  socket.on('error', () => undefined);
  await nextChunk(socket);
  client.destroy();
  socket.write(randomBytes(5_000_000));
  await new Promise((resolve) => socket.on('close', resolve));
  expect(socket.writableFinished).toBe(false);
});

test('an engine that cannot be reached closes the connection', async () => {
  const { channel } = await openSession({
    engine: (stream) => void joinDuplex(stream, connect('/nonexistent/s')),
  });
  const { open } = await forwarded(() => undefined, { channel: async () => channel });
  const client = open();
  expect((await readAll(client)).length).toBe(0);
});

test('a connection waits for a channel and is closed at the deadline', async () => {
  const clock = new ManualClock();
  const errors: unknown[] = [];
  const { promise, resolve } = Promise.withResolvers<Channel>();
  const options = { clock, channel: () => promise, onError: (error: unknown) => errors.push(error) };
  const { open, channel } = await forwarded((socket) => void socket.pipe(socket), {
    ...options,
    waitMs: 700,
  });
  const early = open();
  const closed = once(early, 'end');
  early.resume();
  await clock.advanceWhenSleeping(700);
  await closed;
  expect(errors).toMatchObject([{ code: 'BH_CHANNEL_TIMEOUT', params: { ms: 700 } }]);

  const patient = open();
  patient.end('hello');
  resolve(channel);
  expect(String(await readAll(patient))).toBe('hello');
});

test('what a connection becomes can be something else than one to the engine', async () => {
  const open = (channel: Channel, signal: AbortSignal) => channel.openEgressRelay(signal);
  const { open: connectTo } = await forwarded(() => expect.fail('the engine is not asked'), { open });
  const socket = connectTo();
  socket.end('control 1\n');
  expect(String(await readAll(socket))).toBe('control 1\n');
});
