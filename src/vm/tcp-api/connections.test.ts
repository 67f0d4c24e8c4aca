import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ManualClock } from '../../channel/test-support/manual-clock.js';
import { nextChunk, temporaryDirectory } from '../../channel/test-support/streams.js';
import { Connections } from './connections.js';
import { listenTcpApi } from './listen-tcp-api.js';

const head = 'POST /containers/c/attach HTTP/1.1\r\nHost: localhost\r\n\r\n';
const hasIpv6 = Object.values(networkInterfaces()).some((addresses = []) =>
  addresses.some(({ address }) => address === '::1'),
);

let clock: ManualClock;
let dockerSocket: string;
let engine: Server;
let clients: Socket[];
let api: Awaited<ReturnType<typeof listenTcpApi>>;

beforeEach(async () => {
  clock = new ManualClock();
  clients = [];
  dockerSocket = join(await temporaryDirectory(), 'docker.sock');
  // It answers with what it is asked, for as long as it is asked.
  engine = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => undefined).pipe(socket);
  }).listen(dockerSocket);
  await once(engine, 'listening');
});
afterEach(async () => {
  for (const client of clients) client.destroy();
  await api[Symbol.asyncDispose]();
  engine.close();
});

async function listen(most: number, mostHeadless: number): Promise<void> {
  api = await listenTcpApi(dockerSocket, 0, new Connections({ most, mostHeadless, headMs: 10_000 }, clock));
}

async function open(host = '127.0.0.1'): Promise<Socket> {
  const client = connect({ host, port: api.port, allowHalfOpen: true });
  // One that is closed here may learn of it as a reset.
  client.on('error', () => undefined);
  clients.push(client);
  await once(client, 'connect');
  return client;
}

async function asked(host?: string): Promise<Socket> {
  const client = await open(host);
  client.write(head);
  expect(String(await nextChunk(client))).toContain('POST /containers/c/attach');
  return client;
}

async function echoes(client: Socket, text: string): Promise<void> {
  client.write(text);
  expect(String(await nextChunk(client))).toBe(text);
}

/** Lets `ms` go by, for whoever waits on the clock as well. */
async function pass(ms: number): Promise<void> {
  const passed = clock.sleep(ms);
  await clock.advanceWhenSleeping(ms);
  await passed;
}

/** Both its directions are over, not only the one in which it is answered. */
async function isClosed(client: Socket): Promise<void> {
  client.resume();
  await vi.waitFor(() => {
    // What nobody takes is answered with a reset.
    client.write('x');
    expect(client.closed).toBe(true);
  });
}

test('beyond the most there are, of both addresses, a client is told so and closed, and a place that is given back is free', async () => {
  await listen(2, 2);
  const first = await asked();
  const second = await asked(hasIpv6 ? '::1' : undefined);
  const beyond = await open();
  expect(String(await nextChunk(beyond))).toMatch(
    /^HTTP\/1\.1 503 [^]*rule docker-api-connections[^]* 2 connections[^]*exposeDockerAPIOnTCP2375[^]*ask your administrator[^]*BH_TCP_FULL/,
  );
  await isClosed(beyond);
  await echoes(first, 'goes on');
  await echoes(second, 'so does this');
  first.destroy();
  await vi.waitFor(async () => asked());
});

test('of those without a whole head the oldest gives way, and those that have asked do not', async () => {
  await listen(8, 2);
  const served = await asked();
  const oldest = await open();
  oldest.write(head.slice(0, -1));
  const younger = await open();
  const latest = await asked();
  await isClosed(oldest);
  younger.write(head);
  expect(String(await nextChunk(younger))).toContain('POST');
  await echoes(served, 'goes on');
  await echoes(latest, 'so does this');
});

test('a client that sends its head a byte at a time is closed by the deadline of its first', async () => {
  await listen(8, 8);
  const dripping = await open();
  const served = await asked();
  for (const byte of head.slice(0, 5)) {
    dripping.write(byte);
    await setImmediate();
    await pass(1999);
  }
  dripping.write('H');
  expect(dripping.destroyed).toBe(false);
  await pass(5);
  await isClosed(dripping);
  expect(dripping.bytesRead).toBe(0);
  await pass(1_000_000);
  await echoes(served, 'goes on, however long it was silent');
});

test('so is one that is refused and keeps sending', async () => {
  await listen(8, 8);
  const page = await open();
  page.write(head.replace('localhost', 'rebound.example'));
  expect(String(await nextChunk(page))).toContain('BH_TCP_BROWSER');
  page.write('more');
  await pass(10_000);
  await isClosed(page);
});
