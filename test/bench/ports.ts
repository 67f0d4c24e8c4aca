/**
 * A published port of a container beside the same server as the only process of a VM with the same kernel, card and QEMU, behind a plain hostfwd: throughput, the time of
 * an answer, and that of a connection.
 */
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemExec } from '../../dist/common/exec.js';
import { systemClock } from '../../dist/common/system-clock.js';
import { loadManifest } from '../../dist/image/index.js';
import { writeCpio } from '../../dist/image/cpio.js';
import type { Vm } from '../../dist/vm/backend.js';
import { ensureDataDisk } from '../../dist/vm/instance/data-disk.js';
import { kernelCommandLine } from '../../dist/vm/kernel-command-line.js';
import { guestNetwork } from '../../dist/vm/network/index.js';
import { tryBind } from '../../dist/vm/ports/try-bind.js';
import { QemuBackend } from '../../dist/vm/qemu/qemu-backend.js';
import { builtImageDir } from '../support/built-image.ts';
import { createDocker } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { instanceAt } from '../support/instance.ts';
import { askTcp } from '../support/port-client.ts';
import { portImage, portPrograms } from '../support/port-image.ts';
import { alternate, type BenchmarkRow, median } from './rows.ts';

const rounds = 12;
const bytes = 16 << 20;
const answers = 200;
const connections = 50;
const memoryMiB = 1024;

export async function benchPorts(): Promise<BenchmarkRow[]> {
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-ports-'));
  await mkdir(join(dir, 'run'), { mode: 0o700 });
  const image = await builtImageDir();
  const instance = instanceAt({ name: 'bench', dir, image });
  let peer: Vm | undefined;
  try {
    await instance.up(240, '--memory', String(memoryMiB));
    const docker = createDocker(instance.dockerHost);
    const published = { host: '127.0.0.1', port: await freePort() };
    const relayed = { host: '::1', port: await freePort() };
    const flags = ['-p', `127.0.0.1:${published.port}:80`, '-p', `[::1]:${relayed.port}:80`];
    await docker.ok(['run', '-d', ...flags, await portImage(docker)]);
    peer = await startPeer(dir, image);
    const plain = { host: '127.0.0.1', port: await freePort() };
    await peer.addForward({ protocol: 'tcp', address: plain.host, port: plain.port, guestPort: 80 });
    for (const { host, port } of [published, relayed, plain])
      await eventually(async () => void (await askTcp(host, port, 'there')), 60_000);
    return [
      ...(await compare(['published port', published], ['plain hostfwd', plain])),
      // The same server: by IPv4 QEMU's hostfwd leads to it, by IPv6 the controller's relay and then another hostfwd.
      ...(await compare(['published at [::1]', relayed], ['published at 127.0.0.1', published])),
    ];
  } finally {
    await instance.run('down');
    await peer?.destroy();
    await rm(dir, { recursive: true, force: true });
  }
}

interface Place {
  readonly host: string;
  readonly port: number;
}

async function compare(
  [name, place]: [string, Place],
  [other, beside]: [string, Place],
): Promise<BenchmarkRow[]> {
  const both = async (measure: (place: Place) => Promise<number>) =>
    await alternate(
      rounds,
      () => measure(place),
      () => measure(beside),
    );
  const rate = (ms: number): number => bytes / ms / 1000;
  const echoed = await both(echoMs);
  const answered = await both(answerMs);
  const connected = await both(connectionMs);
  const rows = (what: string, unit: string, a: number, b: number, ratio: number): BenchmarkRow[] => [
    { name: `${name}, ${what}`, unit, value: a },
    { name: `${other}, ${what}`, unit, value: b },
    { name: `${name} / ${other}, ${what}`, unit: '', value: ratio },
  ];
  return [
    ...rows('both ways at once', 'MB/s each way', rate(echoed.a), rate(echoed.b), 1 / echoed.ratio),
    ...rows('an answer', 'ms', answered.a, answered.b, answered.ratio),
    ...rows('a connection with an answer', 'ms', connected.a, connected.b, connected.ratio),
  ];
}

const freePort = (): Promise<number> => tryBind({ protocol: 'tcp', address: '127.0.0.1', port: 0 });

async function open(place: Place): Promise<Socket> {
  const socket = connect({ ...place, noDelay: true, allowHalfOpen: true });
  await once(socket, 'connect');
  return socket;
}

/** Milliseconds until all that was sent has come back. */
async function echoMs(place: Place): Promise<number> {
  const socket = await open(place);
  const piece = Buffer.alloc(1 << 18, 'bulkhead');
  const began = performance.now();
  let got = 0;
  socket.on('data', (chunk: Buffer) => (got += chunk.length));
  const ended = once(socket, 'end');
  for (let left = bytes; left > 0; left -= piece.length)
    if (!socket.write(piece)) await once(socket, 'drain');
  socket.end();
  await ended;
  if (got !== bytes) throw new Error(`${got} of ${bytes} bytes came back`);
  return performance.now() - began;
}

/** Median milliseconds from a byte to its answer. */
async function answerMs(place: Place): Promise<number> {
  const socket = await open(place);
  const taken: number[] = [];
  for (let count = 0; count < answers; count += 1) {
    const began = performance.now();
    socket.write('x');
    await once(socket, 'data');
    taken.push(performance.now() - began);
  }
  socket.destroy();
  return median(taken);
}

/** Median milliseconds from the wish for a connection to its first answer. */
async function connectionMs(place: Place): Promise<number> {
  const taken: number[] = [];
  for (let count = 0; count < connections; count += 1) {
    const began = performance.now();
    const socket = await open(place);
    socket.write('x');
    await once(socket, 'data');
    taken.push(performance.now() - began);
    socket.end();
    await once(socket, 'close');
  }
  return median(taken);
}

/** A VM that is its kernel and `port-echo`. */
async function startPeer(dir: string, image: string): Promise<Vm> {
  const manifest = await loadManifest(image);
  const network = guestNetwork('192.168.65.0/24');
  const { signal } = new AbortController();
  const backend = new QemuBackend({
    exec: systemExec,
    clock: systemClock,
    env: process.env,
    platform: process.platform,
    cacheDir: join(dir, 'cache'),
    logger: { warn: () => undefined },
  });
  const program = async (name: string, path: string) =>
    ({ path, type: 'file', mode: 0o755, data: await readFile(join(portPrograms, name)) }) as const;
  // The kernel unpacks one archive after the other: what comes later is in the place of what was there.
  const initramfs = Buffer.concat([
    await readFile(join(image, manifest.files.initramfs.path)),
    writeCpio([await program('plain-guest', 'init'), await program('port-echo', 'port-echo')]),
  ]);
  await writeFile(join(dir, 'initramfs'), initramfs);
  const spec = {
    name: 'plain',
    kernel: join(image, manifest.files.kernel.path),
    initramfs: join(dir, 'initramfs'),
    root: join(image, manifest.files.root.path),
    hash: join(image, manifest.files.hash.path),
    dataDisk: join(dir, 'plain.raw'),
    documents: [],
    shares: [],
    commandLine: `${kernelCommandLine(manifest, [], 0, network)} ADDRESS=${network.address.replace(/\/.*/, '')}`,
    network,
    consoleLog: join(dir, 'plain.log'),
    memoryMiB,
    cpus: 2,
  };
  await ensureDataDisk(spec, 64);
  return await backend.start(spec, await backend.probe(signal), signal);
}
