import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { listenTcpApi } from './listen-tcp-api.js';
import { readHead } from './read-head.js';

let dir: string;
let engine: Server;
let received: string;
let api: Awaited<ReturnType<typeof listenTcpApi>>;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'bulkhead-tcp-'));
  received = '';
  engine = createServer((socket) => {
    socket.on('data', (piece) => {
      received += String(piece);
      if (received.includes('\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nOK');
    });
  }).listen(join(dir, 'docker.sock'));
  await once(engine, 'listening');
  api = await listenTcpApi(join(dir, 'docker.sock'), 0);
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  engine.close();
  await rm(dir, { recursive: true });
});

async function ask(text: string, host = '127.0.0.1'): Promise<string> {
  const socket = connect({ host, port: api.port });
  socket.end(text);
  let answer = '';
  for await (const piece of socket) answer += String(piece);
  return answer;
}

const request = (...fields: string[]): string =>
  `${['POST /x HTTP/1.1', ...fields].join('\r\n')}\r\n\r\nbody`;

describe('exposeDockerAPIOnTCP2375', () => {
  test.each(['localhost:2375', '127.0.0.1:2375', '[::1]:2375', 'LOCALHOST'])(
    'a client of %s is served, once',
    async (host) => {
      expect(await ask(request(`Host: ${host}`, 'Connection: keep-alive', 'Content-Length: 4'))).toContain(
        'OK',
      );
      expect(received).toBe(
        `POST /x HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody`,
      );
    },
  );

  test.each([
    ['Connection: Upgrade', 'Upgrade: tcp'],
    ['Upgrade: anything', 'connection: keep-alive, Upgrade'],
    ['Upgrade: tcp'],
  ])('so is one that asks for another protocol: %s', async (...fields) => {
    await ask(request('Host: localhost', ...fields));
    const upgrade = fields.find((field) => field.startsWith('Upgrade')) ?? '';
    expect(received).toBe(request('Host: localhost', upgrade, 'Connection: close, Upgrade'));
  });

  test('a head that comes a byte at a time is read once', async () => {
    const text = request('Host: localhost', `X: ${'x'.repeat(60_000)}`);
    const client = new PassThrough();
    const closing = client.listenerCount('close');
    const read = readHead(client);
    const concat = vi.spyOn(Buffer, 'concat');
    for (const byte of Buffer.from(text)) {
      client.write(Buffer.of(byte));
      await setImmediate();
    }
    const { head, rest } = await read;
    expect([`${head}\r\n\r\n`, String(rest)]).toEqual([text.slice(0, -'body'.length), '']);
    expect([concat.mock.calls.length, client.listenerCount('close')]).toEqual([0, closing]);
    concat.mockRestore();
  });

  test.each([
    ['one that never ends', 'x'.repeat(70_000)],
    ['one that is too long, in one piece', `GET / HTTP/1.1\r\nX: ${'x'.repeat(70_000)}\r\n\r\n`],
  ])('a head that is too long ends the connection: %s', async (_what, text) => {
    expect(await ask(text)).toBe('');
    expect(received).toBe('');
  });

  test.each([
    [['Host: rebound.example:2375']],
    [['Host: 127.0.0.1.rebound.example']],
    [['Host: localhost', 'Host: rebound.example']],
    [['host:rebound.example']],
    [[]],
    [['Host: localhost', 'Origin: https://page.example']],
    [['Host: localhost', 'ORIGIN: null']],
    [['Host: localhost', 'Sec-Fetch-Site: cross-site']],
  ])('what a page could send is refused: %j', async (fields) => {
    const answer = await ask(request(...fields));
    expect(answer).toMatch(/^HTTP\/1\.1 403 .*DNS rebinding.*BH_TCP_BROWSER/s);
    expect(received).toBe('');
  });

  test('it listens on the loopback alone, and says when the port is taken', async () => {
    const outside = Object.values(networkInterfaces())
      .flatMap((addresses = []) => addresses)
      .filter(({ family, internal }) => family === 'IPv4' && !internal);
    for (const { address } of outside)
      await expect(ask(request(), address)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(listenTcpApi(join(dir, 'docker.sock'), api.port)).rejects.toMatchObject({
      code: 'BH_TCP_PORT',
    });
  });

  test('closing it closes what is open', async () => {
    const socket = connect({ host: '127.0.0.1', port: api.port });
    await once(socket, 'connect');
    socket.write('POST /x');
    // Cut off or ended: both are an end.
    socket.on('error', () => undefined);
    const closed = new Promise((resolve) => socket.once('close', resolve));
    await api[Symbol.asyncDispose]();
    socket.resume();
    await closed;
    await expect(ask(request())).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});
