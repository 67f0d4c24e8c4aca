import { createHash, randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { beforeEach, expect, test, vi } from 'vitest';
import { nextChunk, readAll } from '../../channel/test-support/streams.js';
import { bodyReader } from '../../gate/http/body-reader.js';
import { compiledPumps } from './body-pumps.test-support.js';
import { answer, startGate } from './engine-double.test-support.js';
import type { BodyWatch, Exchange } from './exchange.js';

const pumps = compiledPumps();
vi.setConfig({ testTimeout: 60_000 });
beforeEach(() => {
  pumps.ends.length = 0;
  // However slow the machine is, what is large here counts as large.
  vi.spyOn(performance, 'now').mockReturnValue(0);
});

const size = 5_000_000;

/** In chunks of any size, as any client may make them, without the last one. */
function chunked(content: Buffer, longest: number): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < content.length;) {
    const length = Math.min(randomInt(1, longest), content.length - at);
    pieces.push(
      Buffer.from(`${length.toString(16)}\r\n`),
      content.subarray(at, at + length),
      Buffer.from('\r\n'),
    );
    at += length;
  }
  return Buffer.concat(pieces);
}

/** In writes of any size, of which some wait for those before. */
async function writeInPieces(to: Socket, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const length = randomInt(1, randomInt(2) === 0 ? 400 : 300_000);
    const piece = bytes.subarray(at, at + length);
    if (randomInt(3) > 0) to.write(piece);
    else await new Promise((resolve) => to.write(piece, resolve));
    at += length;
  }
}

function hash(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function contentOf(body: Buffer): { content: Buffer; done: boolean; behind: Buffer } {
  const reader = bodyReader('chunked');
  const { content, consumed } = reader.push(body);
  return { content: Buffer.concat(content), done: reader.done, behind: body.subarray(consumed) };
}

const load = 'POST /images/load HTTP/1.1\r\nHost: x\r\n';
const ping = 'GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n';

test.each([3000, 32_769, 500_000])(
  'every byte of a large request in chunks of up to %d bytes arrives, and the next request behind it',
  async (longest) => {
    const { near, engine, received, whenReceived } = await startGate({}, pumps);
    const content = randomBytes(size);
    near.write(`${load}Transfer-Encoding: chunked\r\n\r\n`);
    const socket = await engine;
    void writeInPieces(near, Buffer.concat([chunked(content, longest), Buffer.from(`0\r\n\r\n${ping}`)]));
    await whenReceived(/\r\n0\r\n\r\n$/);
    const body = Buffer.from(received().slice(received().indexOf('\r\n\r\n') + 4), 'latin1');
    const got = contentOf(body);
    expect(got).toMatchObject({ done: true, behind: Buffer.alloc(0) });
    expect(hash(got.content)).toBe(hash(content));
    expect(pumps.ends).not.toEqual([]);
    expect(pumps.ends.filter((end) => typeof end !== 'string')).toEqual([]);
    socket.write(answer('loaded'));
    await whenReceived(/_ping/);
    socket.end(answer('pong'));
    expect(String(await readAll(near))).toBe(answer('loaded') + answer('pong'));
  },
);

test('every byte of a large request of known length arrives, and the next request behind it', async () => {
  const { near, engine, received, whenReceived } = await startGate({}, pumps);
  const content = randomBytes(size);
  near.write(`${load}Content-Length: ${size}\r\n\r\n`);
  const socket = await engine;
  await writeInPieces(near, Buffer.concat([content, Buffer.from(ping)]));
  socket.write(answer('loaded'));
  await whenReceived(/_ping/);
  const at = received().indexOf('\r\n\r\n') + 4;
  expect(hash(Buffer.from(received().slice(at, at + size), 'latin1'))).toBe(hash(content));
  expect(pumps.ends).toEqual(['done']);
  socket.end(answer('pong'));
  expect(String(await readAll(near))).toBe(answer('loaded') + answer('pong'));
});

test.each([3000, 32_769, 500_000])(
  'every byte of a large answer in chunks of up to %d bytes arrives, and the next answer',
  async (longest) => {
    const { near, engine, whenReceived } = await startGate({}, pumps);
    const content = randomBytes(size);
    near.write(`GET /images/a/get HTTP/1.1\r\nHost: x\r\n\r\n${ping}`);
    const socket = await engine;
    const got = readAll(near);
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    socket.write(head);
    await writeInPieces(socket, Buffer.concat([chunked(content, longest), Buffer.from('0\r\n\r\n')]));
    await whenReceived(/_ping/);
    socket.end(answer('pong'));
    const body = contentOf((await got).subarray(head.length));
    expect(body).toMatchObject({ done: true, behind: Buffer.from(answer('pong')) });
    expect(hash(body.content)).toBe(hash(content));
    expect(pumps.ends).not.toEqual([]);
    expect(pumps.ends.filter((end) => typeof end !== 'string')).toEqual([]);
  },
);

test('of an answer that somebody is shown, every byte is, and no pump moves any', async () => {
  const shown: Buffer[] = [];
  const asked: string[] = [];
  const watch = (exchange: Exchange, status: number): BodyWatch => {
    asked.push(`${exchange.operation.id} ${status}`);
    return (content) => {
      for (const piece of content) shown.push(Buffer.from(piece));
    };
  };
  const { near, engine, whenReceived } = await startGate({ watch }, pumps);
  near.write('GET /images/a/get HTTP/1.1\r\nHost: x\r\n\r\n');
  const socket = await engine;
  await whenReceived(/\r\n\r\n/);
  const content = randomBytes(size);
  const sent = Buffer.concat([
    Buffer.from('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'),
    chunked(content, 32_769),
    Buffer.from('0\r\n\r\n'),
  ]);
  const got = readAll(near);
  await writeInPieces(socket, sent);
  socket.end();
  expect(hash(await got)).toBe(hash(sent));
  expect(hash(Buffer.concat(shown))).toBe(hash(content));
  expect(asked).toEqual(['ImageGet 200']);
  expect(pumps.ends).toEqual([]);
});

test('of an answer in bursts, between which nothing comes, this process reads nothing that a pump is to read', async () => {
  const { near, engine, whenReceived } = await startGate({}, pumps);
  near.write('GET /images/a/get HTTP/1.1\r\nHost: x\r\n\r\n');
  const socket = await engine;
  await whenReceived(/\r\n\r\n/);
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  const sent: Buffer[] = [];
  const got: Buffer[] = [];
  socket.write(head);
  expect(String(await nextChunk(near))).toBe(head);
  const reader = bodyReader('chunked');
  let wanted = 0;
  const whole = new Promise<void>((resolve) => {
    let [count, burst] = [0, 0];
    const send = (): void => {
      const content = randomBytes(150_000);
      const piece = Buffer.concat([chunked(content, 40_000), Buffer.from(burst === 40 ? '0\r\n\r\n' : '')]);
      sent.push(content);
      wanted += content.length;
      burst += 1;
      socket.write(piece);
    };
    near.on('data', (piece: Buffer) => {
      const { content } = reader.push(piece);
      got.push(...content);
      for (const part of content) count += part.length;
      if (reader.done) resolve();
      else if (count === wanted && burst <= 40) send();
    });
    send();
  });
  await whole;
  expect(hash(Buffer.concat(got))).toBe(hash(Buffer.concat(sent)));
  expect(pumps.ends.at(-1)).toBe('before-size');
});

test('both directions of one exchange are moved at once', async () => {
  const { near, engine, received, whenReceived } = await startGate({}, pumps);
  const [content, output] = [randomBytes(size), randomBytes(size)];
  near.write(`${load}Transfer-Encoding: chunked\r\n\r\n`);
  const socket = await engine;
  await whenReceived(/\r\n\r\n/);
  const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
  socket.write(head);
  const got = readAll(near);
  const last = Buffer.from('0\r\n\r\n');
  await Promise.all([
    writeInPieces(near, Buffer.concat([chunked(content, 100_000), last])),
    writeInPieces(socket, Buffer.concat([chunked(output, 100_000), last])),
  ]);
  await whenReceived(/\r\n0\r\n\r\n$/);
  socket.end();
  expect(hash(contentOf((await got).subarray(head.length)).content)).toBe(hash(output));
  const body = Buffer.from(received().slice(received().indexOf('\r\n\r\n') + 4), 'latin1');
  expect(hash(contentOf(body).content)).toBe(hash(content));
  expect(pumps.ends.length).toBeGreaterThanOrEqual(2);
});

test.each([
  ['a size of nine digits', '000000001\r\na\r\n0\r\n\r\n'],
  ['0x', '0x1\r\na\r\n0\r\n\r\n'],
  ['a line feed alone', '1\na\r\n0\r\n\r\n'],
  ['an extension', '1;a=b\r\na\r\n0\r\n\r\n'],
  ['a chunk longer than it says', '1\r\nab\r\n0\r\n\r\n'],
  ['a chunk ended by a line feed', '1\r\na\n0\r\n\r\n'],
  ['a trailer', '1\r\na\r\n0\r\nA: b\r\n\r\n'],
  ['a sign', '+1\r\na\r\n0\r\n\r\n'],
])('%s behind much of a body is refused, and the engine sees no end of it', async (_what, hostile) => {
  const { near, engine, received } = await startGate({}, pumps);
  const content = randomBytes(size);
  near.write(`${load}Transfer-Encoding: chunked\r\n\r\n`);
  const socket = await engine;
  const ended = once(socket, 'end');
  near.write(Buffer.concat([chunked(content, 60_000), Buffer.from(hostile + ping)]));
  expect(String(await readAll(near))).toMatch(/^HTTP\/1\.1 400 /);
  await ended;
  const body = Buffer.from(received().slice(received().indexOf('\r\n\r\n') + 4), 'latin1');
  const got = contentOf(body);
  expect(got.done).toBe(false);
  // What was read in one piece with what is refused does not go on.
  expect(got.content.length).toBeGreaterThan(size / 2);
  const passed = Math.min(got.content.length, size);
  expect(hash(got.content.subarray(0, passed))).toBe(hash(content.subarray(0, passed)));
  expect(got.content.length - size).toBeLessThan(2);
  expect(received()).not.toContain('_ping');
  expect(pumps.ends).not.toEqual([]);
});

test('a client that goes in the middle of a large request cuts it off', async () => {
  const { near, engine, received, over } = await startGate({}, pumps);
  near.write(`${load}Transfer-Encoding: chunked\r\n\r\n`);
  const socket = await engine;
  near.end(chunked(randomBytes(size), 60_000));
  await once(socket, 'end');
  socket.end();
  await over;
  expect(received().endsWith('0\r\n\r\n')).toBe(false);
  expect(pumps.ends.at(-1)).toBe('source-ended');
});

test('an engine that answers in the middle of a large request and goes has its answer passed on, and nothing is read behind it', async () => {
  const { near, engine } = await startGate({}, pumps);
  near.write(`${load}Content-Length: ${4 * size}\r\n\r\n`);
  const socket = await engine;
  near.write(randomBytes(size));
  let got = 0;
  socket.on('data', (piece) => {
    got += piece.length;
    if (got >= size) socket.end(answer('too much', '413 Too Large'), () => socket.destroy());
  });
  const told = readAll(near);
  await once(socket, 'close');
  near.write(Buffer.concat([randomBytes(size), Buffer.from(ping)]));
  expect(String(await told)).toBe(answer('too much', '413 Too Large'));
});

test('a client that goes in the middle of a large answer lets the engine know', async () => {
  const { near, engine, whenReceived, over } = await startGate({}, pumps);
  near.write('GET /images/a/get HTTP/1.1\r\nHost: x\r\n\r\n');
  const socket = await engine;
  await whenReceived(/\r\n\r\n/);
  near.resume();
  socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${4 * size}\r\n\r\n`);
  await new Promise((resolve) => socket.write(randomBytes(size), resolve));
  near.destroy();
  await once(socket, 'end');
  socket.end();
  await over;
  expect(pumps.ends.length).toBe(1);
});

test('without such a program this process copies', async () => {
  const { near, engine, whenReceived } = await startGate({});
  const content = randomBytes(size);
  near.write(`${load}Content-Length: ${size}\r\n\r\n`);
  const socket = await engine;
  await writeInPieces(near, Buffer.concat([content, Buffer.from(ping)]));
  socket.write(answer('loaded'));
  await whenReceived(/_ping/);
  socket.end(answer('pong'));
  expect(String(await readAll(near))).toBe(answer('loaded') + answer('pong'));
});
