/**
 * What the way out of an engine costs, beside the same programs without it: connections of a container to a server on this machine, both through the relay and the gateway
 * and from this machine itself, in turns.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { startNativeEngine } from '../../dist/vm/native/index.js';
import { builtImageDir } from '../support/built-image.ts';
import { createDocker, type Docker, probe, unique } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, worldAddress } from '../support/host-world.ts';
import { portPrograms } from '../support/port-image.ts';
import { residentMemory } from '../support/process-figures.ts';
import { relayOf } from '../support/relay-of.ts';
import { alternate, type BenchmarkRow, median } from './rows.ts';

const stream = join(portPrograms, 'stream');
const port = '8997';
const rounds = 6;
const floods = 4;
const megabytes = 1000;
const connections = 300;
const idle = 2500;

export async function benchEgress(): Promise<BenchmarkRow[]> {
  await using undo = new AsyncDisposableStack();
  const world = undo.use(await startWorld());
  const dir = await mkdtemp(join(tmpdir(), 'bulkhead-bench-egress-'));
  undo.defer(() => rm(dir, { recursive: true, force: true }));
  const engine = undo.use(
    await startNativeEngine({
      name: `bench-egress-${process.pid}`,
      root: join(await builtImageDir(), 'root.erofs'),
      dataDir: join(dir, 'data'),
      hostDir: join(dir, 'host'),
      egress: { nameServers: [world.nameServer] },
      signal: AbortSignal.timeout(90_000),
    }),
  );
  const server = await serve();
  undo.defer(() => void server.kill('SIGKILL'));
  const docker = createDocker(engine.dockerHost);
  const image = unique('stream');
  const dockerfile = `FROM ${probe}\nCOPY stream /bin/\n`;
  await docker.ok(['build', '-q', '-t', image, '-f', '-', portPrograms], { input: dockerfile });
  const container = await docker.ok(['run', '-d', image, 'sleep', '3600']);

  const relayed = async (...words: readonly string[]): Promise<number> =>
    Number(
      await docker.ok(['exec', container, 'stream', words[0] ?? '', worldAddress, port, ...words.slice(1)]),
    );
  const direct = async (...words: readonly string[]): Promise<number> =>
    Number((await execa(stream, [words[0] ?? '', worldAddress, port, ...words.slice(1)])).stdout);

  const rows: BenchmarkRow[] = [];
  for (const streams of ['1', '64']) {
    const send = ['send', streams, String(megabytes)] as const;
    const { a, b } = await alternate(
      rounds,
      () => relayed(...send),
      () => direct(...send),
    );
    rows.push({
      name: `egress: throughput, ${streams} streams`,
      unit: 'MB/s',
      value: (megabytes * 1000) / a,
    });
    rows.push({
      name: `the same without a relay, ${streams} streams`,
      unit: 'MB/s',
      value: (megabytes * 1000) / b,
    });
  }
  const connect = ['connect', String(connections)] as const;
  const latency = await alternate(
    rounds,
    () => relayed(...connect),
    () => direct(...connect),
  );
  rows.push({ name: 'egress: a connection to its first byte, p50', unit: 'ms', value: latency.a / 1000 });
  rows.push({ name: 'egress: of that added', unit: 'ms', value: latency.difference / 1000 });

  console.error(JSON.stringify(rows));
  rows.push(...(await besideFlood(docker, image, () => relayed(...connect))));
  rows.push(...(await resting(docker, image, [await relayOf(engine.dockerHost), engine.gateway?.pid ?? 0])));
  return rows;
}

async function serve(): Promise<ChildProcess> {
  const server = spawn(stream, ['serve', worldAddress, port], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(server.stdout, 'data');
  return server;
}

/** Another container opens and cuts connections as fast as it can. */
async function besideFlood(
  docker: Docker,
  image: string,
  measure: () => Promise<number>,
): Promise<BenchmarkRow[]> {
  const with_: number[] = [];
  const without: number[] = [];
  for (let round = 0; round < floods; round += 1) {
    const flooding = await docker.ok(['run', '-d', image, 'stream', 'flood', worldAddress, port]);
    with_.push(await measure());
    await docker.ok(['rm', '-f', flooding]);
    without.push(await measure());
  }
  return [
    { name: 'egress: beside a container that floods, p50', unit: 'ms', value: median(with_) / 1000 },
    { name: 'egress: the same without it, p50', unit: 'ms', value: median(without) / 1000 },
  ];
}

/** Two containers hold connections on which nothing moves. */
async function resting(docker: Docker, image: string, pids: readonly number[]): Promise<BenchmarkRow[]> {
  const holders = await Promise.all(
    [1, 2].map(() => docker.ok(['run', '-d', image, 'stream', 'hold', worldAddress, port, String(idle)])),
  );
  for (const holder of holders)
    await eventually(async () => {
      if ((await docker.ok(['logs', holder])) !== 'held') throw new Error('not yet');
    }, 60_000);
  const [relay = 0, gateway = 0] = await Promise.all(pids.map((pid) => residentMemory(pid)));
  await docker.ok(['rm', '-f', ...holders]);
  return [
    { name: `egress: relay with ${2 * idle} idle connections`, unit: 'MiB', value: relay },
    { name: `egress: gateway with ${2 * idle} idle connections`, unit: 'MiB', value: gateway },
  ];
}
