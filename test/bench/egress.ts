/**
 * What the way out of an engine costs, beside the same programs without it: connections of a container to a server on this machine, both through the relay and the gateway
 * and from this machine itself, in turns.
 */
import { execa } from 'execa';
import type { Docker } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { worldAddress } from '../support/host-world.ts';
import { residentMemory } from '../support/process-figures.ts';
import { relayOf } from '../support/relay-of.ts';
import { port, startMeasuredEngine, stream } from './egress-engine.ts';
import { alternate, type BenchmarkRow } from './rows.ts';

const rounds = 6;
const megabytes = 1000;
const connections = 300;
const idle = 2500;

export async function benchEgress(): Promise<BenchmarkRow[]> {
  await using measured = await startMeasuredEngine();
  const { engine, docker, image, relayed } = measured;
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

  rows.push(...(await resting(docker, image, [await relayOf(engine.dockerHost), engine.gateway?.pid ?? 0])));
  return rows;
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
