import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { onTestFinished } from 'vitest';
import { chunksOf } from '../chunks.js';

/** A directory that lasts as long as the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'channel-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Two connected unix sockets. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const path = join(await temporaryDirectory(), 's');
  const server = createServer({ allowHalfOpen: true });
  server.listen(path);
  await once(server, 'listening');
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const client = connect({ path, allowHalfOpen: true });
  const pair: [Socket, Socket] = [client, await accepted];
  server.close();
  onTestFinished(() => {
    for (const socket of pair) socket.destroy();
  });
  return pair;
}

/** Everything up to the end; rejects when the stream is cut. */
export async function readAll(stream: Duplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(stream)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The next bytes to arrive. */
export function nextChunk(stream: Duplex): Promise<Buffer> {
  return new Promise((resolve) => stream.once('data', resolve));
}
