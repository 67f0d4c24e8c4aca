import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { heard, listen, testedTraffic, type TrafficOptions } from './traffic.test-support.js';

/** What registries say that are none of HTTP's, to the letter. */

interface Tested {
  /** What comes of a request, to the end of its connection or to this. */
  readonly ask: (request: string, until?: RegExp) => Promise<string>;
  readonly connect: () => Promise<Socket>;
  /** Connections to the registry, those that are there now. */
  readonly open: ReadonlySet<Socket>;
}

/** A registry that answers whatever it is asked for with these bytes. */
async function saying(answer: (socket: Socket) => void, options: TrafficOptions = {}): Promise<Tested> {
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined).once('close', () => open.delete(socket));
    socket.once('data', () => answer(socket));
  });
  const peers = { 'plain.test': { port: await listen(server) } };
  const traffic = await testedTraffic({ peers, ...options });
  const connect = async (): Promise<Socket> =>
    traffic.connect(undefined, { protocol: 'http', to: { address: '192.0.2.7', port: 80 } });
  const ask: Tested['ask'] = async (request, until) => {
    const socket = await connect();
    socket.write(request);
    return heard(socket, until);
  };
  return { ask, connect, open };
}

const blob = `/v2/acme/tool/blobs/sha256:${'a'.repeat(64)}`;
const manifest = '/v2/acme/tool/manifests/v1';
const get = (target: string): string =>
  `GET ${target} HTTP/1.1\r\nHost: plain.test\r\nConnection: close\r\n\r\n`;

test.each([
  ['HTTP/1.1 204 No Content\r\n\r\nmore', /^HTTP\/1\.1 204 No Content\r\n/],
  ['HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nmore', /\r\n\r\nm$/],
  ['HTTP/1.1 304 Not Modified\r\nContent-Length: 4\r\n\r\nmore', /^HTTP\/1\.1 304 Not Modified\r\n/],
])('what follows an answer in the same packet is nobody’s, and nobody’s end: %j', async (said, passed) => {
  const { ask } = await saying((socket) => socket.write(said));
  expect(await ask(get(blob))).toMatch(passed);
  // Whoever reads is there still.
  expect(await ask(get(blob))).toMatch(passed);
});

test.each([
  'HTTP/1.1 101 Switching Protocols\r\n\r\n',
  'HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n',
  'HTTP/1.1 099 None\r\nContent-Length: 0\r\n\r\n',
])('a status that no answer has is refused: %j', async (said) => {
  const { ask } = await saying((socket) => socket.write(said));
  for (const target of [blob, manifest])
    expect(await ask(get(target))).toMatch(
      /^HTTP\/1\.1 403 The answer of plain\.test is refused by rule registry-answers: its status is \d+/,
    );
});

test('a registry that goes on in another protocol is not reached, and said so at once', async () => {
  const upgrade = 'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n';
  const { ask } = await saying((socket) => socket.write(upgrade));
  const said = await ask(get(blob));
  expect(said).toMatch(/^HTTP\/1\.1 502 .*it answers with another protocol/);
  expect(said).toContain('See whether it runs and answers there');
});

const end = (socket: Socket): unknown => socket.end();
const reset = (socket: Socket): unknown => socket.resetAndDestroy();

test('some words before an answer are none, and without end they are not read', async () => {
  const words = 'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n';
  const few = await saying((socket) => socket.write(`${words.repeat(5)}HTTP/1.1 204 No Content\r\n\r\n`));
  expect(await few.ask(get(blob))).toMatch(/^HTTP\/1\.1 204 /);
  const many = await saying((socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(words.repeat(1000)));
      socket.once('drain', more);
    };
    more();
  });
  expect(await many.ask(get(blob))).toMatch(/^HTTP\/1\.1 502 .*it says too much before its answer/);
  await expect.poll(() => many.open.size).toBe(0);
});

test.each([
  ['ends with its connection', 'HTTP/1.1 200 OK\r\n\r\nha', reset, /\r\n2\r\nha\r\n$/],
  [
    'has a length',
    'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha',
    end,
    /Content-Length: 4\r\n[^]*\r\n\r\nha$/,
  ],
  [
    'comes in pieces',
    'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nha\r\n',
    end,
    /\r\n2\r\nha\r\n$/,
  ],
])('a body that %s and is broken off is not passed on as whole', async (_how, said, breakOff, passed) => {
  const { connect, open } = await saying((socket) => socket.write(said));
  const socket = await connect();
  socket.write(get(blob));
  const text = heard(socket);
  await once(socket, 'data');
  open.forEach(breakOff);
  expect(await text).toMatch(passed);
});

test('a body without an end of its own ends with its connection', async () => {
  const { ask } = await saying((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhalf'));
  expect(await ask(get(blob))).toMatch(/\r\nhalf\r\n0\r\n\r\n$/);
});

test('whoever goes away leaves no manifest that is waited for', async () => {
  const begun = `HTTP/1.1 200 OK\r\nContent-Length: 4000000\r\n\r\n${'x'.repeat(3_999_990)}`;
  const { connect, open } = await saying((socket) => socket.write(begun));
  const client = await connect();
  client.write(get(manifest));
  await expect.poll(() => open.size).toBe(1);
  const [registry] = open;
  await expect.poll(() => registry?.writableLength).toBe(0);
  client.destroy();
  await expect.poll(() => open.size).toBe(0);
});

test('an upload that is answered before its end leaves no connection that waits for the rest', async () => {
  const early = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 2\r\n\r\n{}';
  const { ask, open } = await saying((socket) => socket.write(early));
  const begun =
    'PATCH /v2/acme/tool/blobs/uploads/1 HTTP/1.1\r\nHost: plain.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n';
  expect(await ask(begun, /\{\}$/)).toContain('400 Bad Request');
  await expect.poll(() => open.size).toBe(0);
});

test.each([
  ['nothing', '', /^HTTP\/1\.1 502 .*it does not answer/],
  ['half of its answer', 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha', /\r\n\r\nha$/],
])('a registry that says %s and no more is not waited for', async (_what, said, passed) => {
  const { ask, open } = await saying((socket) => socket.write(said), { silent: 100 });
  expect(await ask(get(blob))).toMatch(passed);
  await expect.poll(() => open.size).toBe(0);
});
