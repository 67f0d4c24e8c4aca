/**
 * Bytes per second through the control channel and through a plain unix socket, host and guest as two
 * processes with the same copy on both. Pairs alternate, so that load from elsewhere falls on both; medians.
 *
 *     npx tsc --build && node test/bench/channel.ts
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { connectChannel, forwardConnections, joinDuplex, serveChannel } from '../../dist/channel/index.js';
import { systemClock } from '../../dist/common/system-clock.js';
import type { BenchmarkRow } from './rows.ts';

const self = fileURLToPath(import.meta.url);
const block = Buffer.alloc(1 << 16, 'bulkhead');
const clock = systemClock;

/** Writes `bytes`, a whole number of blocks, and ends. */
function send(stream: Duplex, bytes: number, onBlock?: (block: Buffer) => void): void {
  let left = bytes;
  const fill = (): void => {
    while (left > 0) {
      left -= block.length;
      onBlock?.(block);
      if (!stream.write(block)) return void stream.once('drain', fill);
    }
    stream.end();
  };
  fill();
}

/** Counts what comes up to the end; a stream that is cut fails. */
function receive(stream: Duplex, onChunk?: (chunk: Buffer) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    let bytes = 0;
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      onChunk?.(chunk);
    });
    stream.on('end', () => resolve(bytes));
    stream.on('close', () => reject(new Error('the stream was cut')));
  });
}

/** The far side of every connection: swallows an upload and answers its length, or sends what `send N` asks for. */
function answer(stream: Duplex): void {
  let head = '';
  const received = receive(stream, (chunk) => {
    if (head.length < 32) head += chunk.subarray(0, 32).toString('latin1');
  });
  received.then(
    (bytes) => {
      const wanted = /^send (\d+)$/.exec(head)?.[1];
      if (wanted === undefined) stream.end(String(bytes));
      else send(stream, Number(wanted));
    },
    () => stream.destroy(),
  );
}

async function upload(stream: Duplex, bytes: number): Promise<void> {
  let counted = '';
  const received = receive(stream, (chunk) => {
    counted += chunk.toString();
  });
  send(stream, bytes);
  await received;
  if (Number(counted) !== bytes) throw new Error(`${counted} of ${bytes} bytes arrived`);
}

async function download(stream: Duplex, bytes: number, onChunk?: (chunk: Buffer) => void): Promise<void> {
  const received = receive(stream, onChunk);
  stream.end(`send ${bytes}`);
  const got = await received;
  if (got !== bytes) throw new Error(`${got} of ${bytes} bytes arrived`);
}

/** The child: connects to `path`, as plain socket or as the guest of a channel whose engine is also its own. */
async function guest(kind: string, path: string): Promise<void> {
  const socket = connect({ path, allowHalfOpen: true });
  await once(socket, 'connect');
  if (kind === 'plain') return answer(socket);
  const enginePath = `${path}.engine`;
  createServer({ allowHalfOpen: true }, answer).listen(enginePath);
  const engine =
    kind === 'forwarded'
      ? (stream: Duplex): void => void joinDuplex(stream, connect({ path: enginePath, allowHalfOpen: true }))
      : answer;
  const nothing = {
    status: async () => null,
    explain: async () => null,
    signIn: async () => null,
    signOut: async () => null,
    changeShares: async () => null,
    trim: async () => null,
    ports: (stream: Duplex): void => void stream.resume(),
    sshAgent: (stream: Duplex): void => void stream.resume(),
    egress: (stream: Duplex): void => void stream.resume(),
    egressRelay: (stream: Duplex): void => void stream.resume(),
    async *logs() {},
    async *audit() {},
    powerOff: async () => {},
  };
  await serveChannel(socket, { engine, ...nothing }, { clock });
}

interface Peer {
  readonly open: () => Promise<Duplex>;
  readonly stop: () => Promise<void>;
}

/** Starts a guest of this kind; `open` gives a fresh stream to it (a plain one has a single one). */
async function startGuest(kind: 'plain' | 'channel' | 'forwarded', directory: string): Promise<Peer> {
  const path = join(directory, `${kind}-${performance.now()}`);
  const server: Server = createServer({ allowHalfOpen: true }).listen(path);
  await once(server, 'listening');
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const child: ChildProcess = spawn(process.execPath, [self, 'guest', kind, path], { stdio: 'inherit' });
  const raw = await accepted;
  server.close();
  const stop = async (): Promise<void> => {
    const exited = once(child, 'exit');
    child.kill();
    await exited;
    raw.destroy();
  };
  if (kind === 'plain') return { open: async () => raw, stop };
  const channel = await connectChannel(raw, { clock });
  if (kind === 'channel') return { open: () => channel.openEngine(), stop };
  const forwarder = await forwardConnections({ path: `${path}.docker`, channel: async () => channel, clock });
  const open = async (): Promise<Duplex> => connect({ path: forwarder.path, allowHalfOpen: true });
  return { open, stop: () => forwarder.close().then(stop) };
}

async function measure(
  kind: 'plain' | 'channel' | 'forwarded',
  directory: string,
  bytes: number,
  transfer: (peer: Peer) => Promise<void>,
): Promise<number> {
  const peer = await startGuest(kind, directory);
  try {
    const began = performance.now();
    await transfer(peer);
    return bytes / (performance.now() - began) / 1_000;
  } finally {
    await peer.stop();
  }
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return Math.round(sorted[sorted.length >> 1] ?? Number.NaN);
}

/** Measures and returns megabytes (10^6) a second; `megabytes` is the size of one transfer. */
export async function benchmarkChannel(rounds = 5, megabytes = 512): Promise<BenchmarkRow[]> {
  const bytes = megabytes << 20;
  const directory = await mkdtemp(join(tmpdir(), 'bench-channel-'));
  const one = (transfer: typeof upload) => async (peer: Peer) => await transfer(await peer.open(), bytes);
  const four = async (peer: Peer): Promise<void> => {
    await Promise.all(Array.from({ length: 4 }, async () => await download(await peer.open(), bytes / 4)));
  };
  const cases = [
    ['plain unix socket, host to guest', 'plain', one(upload)],
    ['channel, one stream, host to guest', 'channel', one(upload)],
    ['plain unix socket, guest to host', 'plain', one(download)],
    ['channel, one stream, guest to host', 'channel', one(download)],
    ['channel, four streams, guest to host', 'channel', four],
    ['docker.sock to engine socket, host to guest', 'forwarded', one(upload)],
    ['docker.sock to engine socket, guest to host', 'forwarded', one(download)],
  ] as const;
  const samples = cases.map((): number[] => []);
  try {
    for (let round = 0; round < rounds; round++) {
      for (const [index, [, kind, transfer]] of cases.entries()) {
        samples[index]?.push(await measure(kind, directory, bytes, transfer));
      }
    }
    await measure('channel', directory, 1 << 30, verifyGigabyte);
  } finally {
    await rm(directory, { recursive: true });
  }
  return cases.map(([name], index) => ({ name, unit: 'MB/s', value: median(samples[index] ?? []) }));
}

/** One stream of 1 GiB, compared by hash. Not timed: the hash is most of it. */
async function verifyGigabyte(peer: Peer): Promise<void> {
  const expected = createHash('sha256');
  for (let at = 0; at < 1 << 30; at += block.length) expected.update(block);
  const actual = createHash('sha256');
  await download(await peer.open(), 1 << 30, (chunk) => void actual.update(chunk));
  if (expected.digest('hex') !== actual.digest('hex')) throw new Error('1 GiB arrived altered');
}

if (process.argv[1] === self) {
  const [role, kind = '', path = ''] = process.argv.slice(2);
  if (role === 'guest') await guest(kind, path);
  else console.table(await benchmarkChannel());
}
