/**
 * What the way out of an engine costs, beside the same programs without it: connections of a container to a server on this machine, both through the relay and the gateway
 * and from this machine itself, in turns.
 */
import { execa } from 'execa';
import { eventually } from '../support/eventually.ts';
import { worldAddress } from '../support/host-world.ts';
import { residentMemory } from '../support/process-figures.ts';
import { relayOf } from '../support/relay-of.ts';
import { type MeasuredEngine, port, startMeasuredEngine, stream } from './egress-engine.ts';
import { alternate, type BenchmarkRow } from './rows.ts';

const rounds = 6;
const megabytes = 1000;
const connections = 300;
/** The relay leaves an address as many connections as nobody has, and a network twice that: 5,000 of them, where there may be 7,897, are those of several. */
const networks = 4;
const holdersOfEach = 2;
const idle = 625;

export async function benchEgress(): Promise<BenchmarkRow[]> {
  return [...(await allowedAll()), ...(await allowedByName())];
}

async function allowedAll(): Promise<BenchmarkRow[]> {
  await using measured = await startMeasuredEngine();
  const { relayed } = measured;

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

  rows.push(...(await resting(measured, 'egress')));
  return rows;
}

/** Nothing is allowed but a name: the gateway looks at what a client says first, and at the addresses it finds for that. */
async function allowedByName(): Promise<BenchmarkRow[]> {
  const rules = [{ to: 'open.test', addresses: ['198.18.0.0/15'], action: 'allow' }];
  await using measured = await startMeasuredEngine({
    bulkhead: { networkAccess: { default: 'deny', rules } },
  });
  const { resolved, relayed } = measured;
  await resolved('open.test');
  const ask = [String(connections), 'open.test'] as const;
  const { difference } = await alternate(
    rounds,
    () => relayed('ask', ...ask),
    () => direct('ask', ...ask),
  );
  return [
    { name: 'egress, allowed by name: added to a connection, p50', unit: 'ms', value: difference / 1000 },
    ...(await resting(measured, 'egress, allowed by name')),
  ];
}

async function direct(what: string, ...words: readonly string[]): Promise<number> {
  return Number((await execa(stream, [what, worldAddress, port, ...words])).stdout);
}

/** Containers hold connections on which nothing moves. */
async function resting({ engine, docker, image }: MeasuredEngine, kind: string): Promise<BenchmarkRow[]> {
  const holders: string[] = [];
  for (let network = 0; network < networks; network += 1) {
    const name = `resting-${network}`;
    await docker.ok(['network', 'create', name]);
    const held = `nslookup open.test > /dev/null; exec stream hold ${worldAddress} ${port} ${idle} open.test`;
    const words = ['run', '-d', '--network', name, image, 'sh', '-c', held];
    for (let holder = 0; holder < holdersOfEach; holder += 1) holders.push(await docker.ok(words));
  }
  for (const holder of holders)
    await eventually(async () => {
      if ((await docker.ok(['logs', holder])) !== 'held') throw new Error('not yet');
    }, 60_000);
  const pids = [await relayOf(engine.dockerHost), engine.gateway?.pid ?? 0];
  const [relay = 0, gateway = 0] = await Promise.all(pids.map((pid) => residentMemory(pid)));
  await docker.ok(['rm', '-f', ...holders]);
  return [
    { name: `${kind}: relay with ${holders.length * idle} idle connections`, unit: 'MiB', value: relay },
    { name: `${kind}: gateway with ${holders.length * idle} idle connections`, unit: 'MiB', value: gateway },
  ];
}
