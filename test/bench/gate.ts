/** The gate of bulkheadd beside dockerd's own socket, the same engine in native mode. Root only. */
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { Agent, type IncomingMessage, request, type RequestOptions } from 'node:http';
import { join } from 'node:path';
import { execa } from 'execa';
import { ImageList } from '../../dist/gate/socket-mount/image-list.js';
import { findDockerClient } from '../../scripts/docker-client.ts';
import { readStatus } from '../support/control.ts';
import { probe } from '../support/docker.ts';
import { callEngine } from '../support/engine-api.ts';
import { alternate, type BenchmarkRow, median, milliseconds, type PairResult, pairs } from './rows.ts';
import { type BenchEngine, startBenchEngine } from './with-engine.ts';

const imageMebibytes = 1024;
/** A single one takes between 4.0 and 5.3 s on a quiet machine. */
const transferPairs = 9;
const runPairs = 40;
const attachedMebibytes = 256;
const followers = 500;

const groups = { requests, run, transfer, attach, logs, lists: () => imageLists(10_000) } satisfies Readonly<
  Record<string, (engine: BenchEngine) => Promise<BenchmarkRow[]> | BenchmarkRow[]>
>;

export const gateGroups = Object.keys(groups);

/** @param only groups of rows, by the names of `gateGroups`; all without. */
export async function benchGate(only: readonly string[] = gateGroups): Promise<BenchmarkRow[]> {
  await using engine = await startBenchEngine('bench-gate');
  const rows: BenchmarkRow[] = [];
  for (const [name, measure] of Object.entries(groups))
    if (only.includes(name)) rows.push(...(await measure(engine)));
  return rows;
}

function socketOf(docker: { readonly host: string }): string {
  return docker.host.replace('unix://', '');
}

async function requests({ docker, gated }: BenchEngine): Promise<BenchmarkRow[]> {
  const ping = await compare('/_ping');
  for (let count = 0; count < 100; count += 1) {
    const body = { Image: probe, Cmd: ['true'] };
    await callEngine(socketOf(docker), { method: 'POST', path: '/containers/create', body });
  }
  const list = await compare('/containers/json?all=1');
  await docker.ok(['container', 'prune', '-f']);
  return [...rows('_ping', ping), ...rows('containers/json, 100 containers', list)];

  function rows(name: string, { a, b, difference }: PairResult): BenchmarkRow[] {
    return [
      { name: `${name}, through the gate, p50`, unit: 'ms', value: a },
      { name: `${name}, straight to dockerd, p50`, unit: 'ms', value: b },
      { name: `${name}, added by the gate, median of pairs`, unit: 'ms', value: difference },
    ];
  }

  async function compare(path: string): Promise<PairResult> {
    const [through, straight] = [repeat(socketOf(gated), path), repeat(socketOf(docker), path)];
    return alternate(300, through, straight);
  }
}

/** Milliseconds of one request, median of ten on one connection that is kept. */
function repeat(socketPath: string, path: string): () => Promise<number> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const one = async (): Promise<void> => {
    const response = await get({ socketPath, path, agent });
    response.resume();
    await once(response, 'end');
  };
  return async () => {
    const times: number[] = [];
    for (let count = 0; count < 10; count += 1) times.push(await milliseconds(one));
    return median(times);
  };
}

async function get(options: RequestOptions): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(options, resolve).on('error', reject).end();
  });
}

async function run({ docker, gated }: BenchEngine): Promise<BenchmarkRow[]> {
  const command = ['run', '--rm', probe, 'true'];
  const { a, b, ratio } = await pairs(
    runPairs,
    async () => gated.ok(command),
    async () => docker.ok(command),
  );
  return [
    { name: 'docker run --rm, through the gate', unit: 'ms', value: a },
    { name: 'docker run --rm, straight', unit: 'ms', value: b },
    { name: 'docker run --rm, through / straight, median of pairs', unit: 'ratio', value: ratio },
  ];
}

/** `ratio` is of the times, so the throughput's is its inverse. */
async function transfer({ docker, gated, disk }: BenchEngine): Promise<BenchmarkRow[]> {
  const directory = join(disk.dir, 'memory');
  const [content, archive] = [join(directory, 'content'), join(directory, 'archive')];
  await execa('dd', ['if=/dev/urandom', `of=${content}`, 'bs=1M', `count=${imageMebibytes}`]);
  await execa('tar', ['-C', directory, '-cf', archive, 'content']);
  await docker.ok(['import', archive, 'bench/big']);
  await rm(content);
  const save = await pairs(
    transferPairs,
    async () => gated.ok(['save', '-o', archive, 'bench/big']),
    async () => docker.ok(['save', '-o', archive, 'bench/big']),
  );
  const load = (by: typeof docker) => async (): Promise<number> => {
    await docker.ok(['rmi', '-f', 'bench/big']);
    return milliseconds(async () => by.ok(['load', '-i', archive]));
  };
  const loaded = await alternate(transferPairs, load(gated), load(docker));
  await docker.ok(['rmi', '-f', 'bench/big']);
  await rm(archive);
  const rate = (ms: number): number => ((imageMebibytes << 20) / ms) * 1e-3;
  return [
    { name: 'docker save, through the gate', unit: 'MB/s', value: rate(save.a) },
    { name: 'docker save, straight', unit: 'MB/s', value: rate(save.b) },
    { name: 'docker save, throughput through / straight', unit: 'ratio', value: 1 / save.ratio },
    { name: 'docker load, through the gate', unit: 'MB/s', value: rate(loaded.a) },
    { name: 'docker load, straight', unit: 'MB/s', value: rate(loaded.b) },
    { name: 'docker load, throughput through / straight', unit: 'ratio', value: 1 / loaded.ratio },
  ];
}

/** The output of a container that waits for its client; the start is not counted. */
async function attach({ docker, gated }: BenchEngine): Promise<BenchmarkRow[]> {
  const script = `read _ && dd if=/dev/zero bs=64k count=${attachedMebibytes * 16} 2>/dev/null`;
  const output = (by: typeof docker) => async (): Promise<number> => {
    const options = ['-d', '-i', '--log-driver', 'none'];
    const id = await docker.ok(['run', ...options, probe, 'sh', '-c', script]);
    const { file, env } = findDockerClient(by.host);
    const time = await milliseconds(async () =>
      execa(file, ['attach', id], { input: '\n', stdout: 'ignore', extendEnv: false, env }),
    );
    await docker.ok(['rm', '-f', id]);
    return time;
  };
  const { a, b, ratio } = await alternate(7, output(gated), output(docker));
  const rate = (ms: number): number => ((attachedMebibytes << 20) / ms) * 1e-3;
  return [
    { name: 'docker attach, output through the gate', unit: 'MB/s', value: rate(a) },
    { name: 'docker attach, straight', unit: 'MB/s', value: rate(b) },
    { name: 'docker attach, throughput through / straight', unit: 'ratio', value: 1 / ratio },
  ];
}

async function logs({ gated, controlSocket }: BenchEngine): Promise<BenchmarkRow[]> {
  const script = 'while :; do echo line; sleep 1; done';
  const id = await gated.ok(['run', '-d', probe, 'sh', '-c', script]);
  const resident = async (): Promise<number> => (await readStatus(controlSocket)).memory.residentBytes / 1e6;
  const before = await resident();
  const agent = new Agent({ maxSockets: Number.POSITIVE_INFINITY });
  const following = await Promise.all(
    Array.from({ length: followers }, async () => {
      const path = `/containers/${id}/logs?follow=1&stdout=1`;
      const response = await get({ socketPath: socketOf(gated), path, agent });
      await once(response, 'data');
      return response;
    }),
  );
  const after = await resident();
  for (const response of following) response.destroy();
  await gated.run(['rm', '-f', id]);
  return [
    { name: 'bulkheadd, resident before', unit: 'MB', value: before },
    { name: `bulkheadd, resident with ${followers} logs -f`, unit: 'MB', value: after },
  ];
}

/** Whether an image may have the Docker socket, by a list of that many entries of every kind; none of them is for it. */
function imageLists(entries: number): BenchmarkRow[] {
  const digest = `sha256:${'d'.repeat(64)}`;
  const kinds = [
    { name: 'names', entry: (n: number) => `registry.example.com/team/tool-${n}:${n % 7}` },
    { name: 'digests', entry: (n: number) => `team/tool-${n}@sha256:${n.toString(16).padStart(64, '0')}` },
    { name: 'globs of one registry', entry: (n: number) => `registry.example.com/t*m/tool-${n}-*:1` },
  ];
  const image = {
    id: digest,
    names: ['registry.example.com/team/other:1', 'docker.io/library/other:2'],
    digests: [`registry.example.com/team/other@${digest}`],
  };
  return kinds.map(({ name, entry }) => {
    const list = new ImageList(Array.from({ length: entries }, (_, n) => entry(n)));
    const times = Array.from({ length: 200 }, () => {
      const begun = performance.now();
      if (list.matches(image)) throw new Error('in the list');
      return performance.now() - begun;
    });
    return { name: `image list of ${entries} ${name}, one check, p50`, unit: 'ms', value: median(times) };
  });
}
