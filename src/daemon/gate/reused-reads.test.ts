import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { nextChunk, readAll, temporaryDirectory } from '../../channel/test-support/streams.js';
import { startGate } from './engine-double.test-support.js';
import { ReadSlabs } from './reused-reads.js';

async function connected(): Promise<{ slabs: ReadSlabs; socket: Socket; peer: Socket }> {
  const path = join(await temporaryDirectory(), 'peer');
  const server = createServer({ allowHalfOpen: true }).listen(path);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const slabs = new ReadSlabs();
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const socket = slabs.connect(path);
  const peer = await accepted;
  onTestFinished(() => void socket.destroy());
  onTestFinished(() => void peer.destroy());
  return { slabs, socket, peer };
}

test('what nobody gives back is never overwritten', async () => {
  const { socket, peer } = await connected();
  const block = randomBytes(5_000_000);
  peer.end(block);
  expect((await readAll(socket)).equals(block)).toBe(true);
});

test('memory that was given back is read into again', async () => {
  const { slabs, socket, peer } = await connected();
  const memory = new Set<ArrayBufferLike>();
  let large = 0;
  socket.on('data', (piece) => {
    if (piece.length >= 32_768) large += 1;
    memory.add(piece.buffer);
    slabs.giveBack(piece);
  });
  for (let round = 0; round < 50; round += 1) {
    await new Promise((resolve) => peer.write(Buffer.alloc(200_000), resolve));
  }
  peer.end();
  await once(socket, 'end');
  expect(large).toBeGreaterThan(20);
  expect(memory.size).toBeLessThan(large / 2);
});

test('a connection through which little flows has no memory of its own', async () => {
  const { slabs, socket, peer } = await connected();
  for (const text of ['a line\n', 'another\n']) {
    peer.write(text);
    const piece = await nextChunk(socket);
    expect(String(piece)).toBe(text);
    expect(piece.buffer.byteLength).toBeLessThan(262_144);
    slabs.giveBack(piece);
  }
});

/** The client reads slowly, so that the gate has written pieces which the kernel has not taken yet. */
async function readSlowly(near: Socket, length: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let got = 0;
  while (got < length) {
    const piece: unknown = near.read();
    if (!Buffer.isBuffer(piece)) {
      await once(near, 'readable');
      continue;
    }
    pieces.push(piece);
    got += piece.length;
    await new Promise((resolve) => setImmediate(resolve));
  }
  return Buffer.concat(pieces);
}

test.each(['counted', 'taken over'])('a slow client gets every byte of a large answer: %s', async (kind) => {
  const { near, engine, whenReceived } = await startGate();
  const block = randomBytes(8_000_000);
  const upgrade = ['Connection: Upgrade', 'Upgrade: tcp'];
  const [request, answer] =
    kind === 'counted'
      ? [
          ['GET /images/x/get HTTP/1.1', 'Host: d'],
          ['HTTP/1.1 200 OK', `Content-Length: ${block.length}`],
        ]
      : [
          ['POST /containers/x/attach?stream=1 HTTP/1.1', 'Host: d', ...upgrade],
          ['HTTP/1.1 101 UPGRADED', ...upgrade],
        ];
  near.write(`${request.join('\r\n')}\r\n\r\n`);
  const socket = await engine;
  await whenReceived(/\r\n\r\n/);
  const head = `${answer.join('\r\n')}\r\n\r\n`;
  socket.write(head);
  socket.write(block);
  const got = await readSlowly(near, head.length + block.length);
  expect(got.subarray(head.length).equals(block)).toBe(true);
});
