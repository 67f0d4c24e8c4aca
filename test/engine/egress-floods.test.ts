import { afterAll, beforeAll, expect, test } from 'vitest';
import { probe, unique } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { startWorld, type World, worldAddress } from '../support/host-world.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import { portPrograms } from '../support/port-image.ts';

/** What one container may begin in a second, and at once (`src/egress/network/firewall.c`). */
const [aSecond, atOnce] = [1000, 2000];

let world: World;
let engine: OwnEngine;
let image: string;
const undo = new AsyncDisposableStack();

beforeAll(async () => {
  world = undo.use(await startWorld());
  engine = undo.use(await startOwnEngine('egress-floods', { egress: { nameServers: [world.nameServer] } }));
  image = unique('floods');
  const input = `FROM ${probe}\nCOPY stream half-open /bin/\n`;
  await engine.docker.ok(['build', '-q', '-t', image, '-f', '-', portPrograms], { input });
});
afterAll(() => undo[Symbol.asyncDispose]());

interface Flood extends AsyncDisposable {
  /** Full id of the container. */
  readonly id: string;
  /** What it may have begun by now. */
  readonly most: () => number;
}

async function flooding(command: string): Promise<Flood> {
  const begun = performance.now();
  const id = await engine.docker.ok(['run', '-d', image, 'sh', '-c', `exec ${command}`]);
  return {
    id,
    most: () => atOnce + (aSecond * (performance.now() - begun)) / 1000,
    [Symbol.asyncDispose]: async () => void (await engine.docker.ok(['rm', '-f', id])),
  };
}

/** What the kernel has counted of TCP in a container's network. */
async function counted({ id }: Flood, what: string): Promise<number> {
  const lines = (await engine.docker.ok(['exec', id, 'cat', '/proc/net/snmp'])).split('\n');
  const [names, values] = lines.filter((line) => line.startsWith('Tcp: ')).map((line) => line.split(' '));
  return Number(values?.[names?.indexOf(what) ?? -1]);
}

async function packetsSent({ id }: Flood): Promise<number> {
  return Number(await engine.docker.ok(['exec', id, 'cat', '/sys/class/net/eth0/statistics/tx_packets']));
}

/** Until it has sent so much that what is too much was dropped, and not only late. */
async function untilTooMuch(flood: Flood, sent: () => Promise<number>): Promise<void> {
  await eventually(async () => expect(await sent()).toBeGreaterThan(1.5 * flood.most()), 30_000);
}

test('a container that opens connections as fast as it can gets so many in a second, and its neighbour its own', async () => {
  await using flood = await flooding(`stream flood ${worldAddress} ${world.port}`);
  await untilTooMuch(flood, () => counted(flood, 'ActiveOpens'));
  // Cut by itself after they were answered, as all that are.
  const opened = await counted(flood, 'EstabResets');
  expect(opened).toBeGreaterThan(0);
  expect(opened).toBeLessThanOrEqual(flood.most());
  const hear = `nc -w 20 ${worldAddress} ${world.port} < /dev/null | head -n 1`;
  expect(await engine.docker.ok(['run', '--rm', image, 'sh', '-c', hear])).toContain('hello');
});

test('one that begins them by half is answered no more often', async () => {
  await using flood = await flooding(`half-open ${worldAddress} ${world.port} $(hostname -i) 1 1`);
  await untilTooMuch(flood, () => packetsSent(flood));
  const answers = await counted(flood, 'InSegs');
  expect(answers).toBeGreaterThan(0);
  expect(answers).toBeLessThanOrEqual(flood.most());
});
