import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createDocker } from '../support/docker.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import { Containers, CreateFailure } from './containers.ts';
import { killOne, type Target, targets } from './killer.ts';
import { expectNothingLeft, findRemains, snapshotsInUse } from './remains.ts';
import { createsPerRound, seededRandom, soakSeed, soakSize } from './size.ts';
import { containerProcesses, exclusiveRanges } from './user-namespaces.ts';

const rounds = Math.ceil(soakSize().killedCreates / createsPerRound);
/** The kill comes this long after the creates began, at most; a create takes about as long. */
const latestKill = 1200;
/** Containers kept over the next kills. */
const kept = 12;
const config = { Image: 'bulkhead/probe', Cmd: ['sleep', '86400'] };
/** Longer than anything may take to come back; a request that hangs fails by the test's own deadline. */
const settle = 90_000;

let engine: OwnEngine;
let containers: Containers;
beforeAll(async () => {
  engine = await startOwnEngine('kills');
  containers = new Containers(engine.socket);
}, 120_000);
afterAll(async () => engine?.[Symbol.asyncDispose](), 60_000);

/** Ids of containers the engine said it had started, and that were not removed, with their processes when last looked at (0: not yet). */
const started = new Map<string, number>();

/** Snapshots some container has run with. */
const snapshots = new Set<string>();

interface Tried {
  readonly name: string;
  readonly failure?: string;
}

async function tryStart(name: string): Promise<Tried> {
  try {
    const id = await containers.start(name, config);
    started.set(id, 0);
    return { name };
  } catch (error) {
    if (error instanceof CreateFailure) return { name, failure: error.message };
    throw error;
  }
}

/** What a person does: take away what is half there, and try again. */
async function retry(name: string): Promise<void> {
  await eventually(async () => {
    await containers.remove(name);
    started.set(await containers.start(name, config), 0);
  }, settle);
}

/** The kernel, the leases and Docker agree, and every container Docker once said was started runs as it did. */
async function expectOrder(): Promise<void> {
  const processes = await containerProcesses(engine.internals);
  const ranges = await exclusiveRanges(engine.internals, processes);
  const list = await containers.list();
  const running = list.filter(({ state }) => state === 'running').map(({ id }) => id);
  expect(new Set(processes.map(({ containerId }) => containerId))).toEqual(new Set(running));
  expect((await engine.internals.traces()).leases).toBe(ranges.length);
  for (const snapshot of await snapshotsInUse(engine.internals)) snapshots.add(snapshot);
  for (const [id, before] of started) {
    const state = await containers.inspect(id);
    expect(state).toMatchObject({ status: 'running', restarts: 0 });
    expect(processes.some(({ pid, containerId }) => pid === state.pid && containerId === id)).toBe(true);
    expect([0, state.pid]).toContain(before);
    started.set(id, state.pid);
  }
}

/** Not killed: a comma list in `BULKHEAD_SOAK_SPARE`, to look at one kind of kill alone. */
const spared = (process.env['BULKHEAD_SOAK_SPARE'] ?? '').split(',').filter(Boolean);

/** One random victim a round, each as often as the others. */
function* victims(random: () => number): Generator<Target, never> {
  for (;;) {
    const left: Target[] = targets.filter((target) => !spared.includes(target));
    while (left.length > 0) yield* left.splice(Math.floor(random() * left.length), 1);
  }
}

test(
  `${rounds * createsPerRound} creates with a kill -9 in every ${createsPerRound}: none unprotected, none lost, nothing left`,
  { timeout: 240_000 + rounds * 90_000 },
  async () => {
    if (spared.length > 0) console.log(`not killed: ${spared.join(', ')}`);
    const random = seededRandom(soakSeed());
    const victim = victims(random);
    await tryStart('first');
    for (const id of started.keys()) await containers.remove(id);
    started.clear();
    await eventually(async () => expect((await engine.internals.traces()).leases).toBe(0), 10_000);
    const before = await findRemains(engine.internals);

    const tally: Record<string, number> = {};
    const failures: string[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const target = victim.next().value;
      const moment = random() * latestKill;
      const names = Array.from({ length: createsPerRound }, (_, index) => `r${round}-${index}`);
      const [killed, ...tried] = await Promise.all([
        delay(moment).then(() => killOne(engine.internals, target)),
        ...names.map((name, index) => delay(index * 100).then(() => tryStart(name))),
      ]);
      if (killed) tally[target] = (tally[target] ?? 0) + 1;
      await eventually(() => containers.ping(), settle);
      const failed = tried.filter(({ failure }) => failure !== undefined);
      failures.push(...failed.map(({ failure }) => `${target}: ${failure}`));
      try {
        for (const { name } of failed) await retry(name);
        await eventually(expectOrder, settle);
      } catch (error) {
        throw new Error(`round ${round}, ${target} killed after ${moment.toFixed(0)} ms`, { cause: error });
      }
      const surplus = [...started.keys()].slice(0, Math.max(0, started.size - kept));
      for (const id of surplus) {
        started.delete(id);
        await containers.remove(id);
      }
    }
    console.log(
      `killed ${JSON.stringify(tally)}; ${failures.length} of ${rounds * createsPerRound} creates failed at first`,
    );
    console.log(
      [...new Set(failures.map((text) => text.replaceAll(/[0-9a-f]{64}|r\d+-\d+/g, '…').slice(0, 220)))].join(
        '\n',
      ),
    );
    for (const { id } of await containers.list()) await containers.remove(id);
    started.clear();
    const cutOff =
      tally['dockerd'] !== undefined || (tally['containerd'] !== undefined && snapshots.size > 0);
    await expectNothingLeft(engine.internals, before, cutOff ? snapshots : undefined);
  },
);

test(
  'a build step whose dockerd was killed is ended, and its ids come back',
  { timeout: 180_000 },
  async () => {
    const leases = async (): Promise<number> => (await engine.internals.traces()).leases;
    await eventually(async () => expect(await leases()).toBe(0), settle);
    const client = createDocker(engine.dockerHost);
    const building = client.run(['build', '--no-cache', '-'], {
      input: `FROM ${config.Image}\nRUN sleep 86400\n`,
      env: { DOCKER_BUILDKIT: '1' },
    });
    const cgroups = engine.internals.path('/sys/fs/cgroup/memory/docker/buildkit');
    const steps = async (): Promise<string[]> =>
      (await readdir(cgroups, { withFileTypes: true }))
        .filter((entry) => entry.isDirectory())
        .map(({ name }) => name);
    await eventually(async () => expect(await steps()).toHaveLength(1), settle);
    const [step] = await steps();
    const executor = engine.internals.path('/var/lib/docker/buildkit/executor');
    expect(await readdir(executor)).toContain(step);
    await killOne(engine.internals, 'dockerd');
    await building;
    await eventually(async () => {
      expect(await leases()).toBe(0);
      expect(await steps()).toEqual([]);
      expect(await readFile(`/proc/${engine.internals.init}/mountinfo`, 'utf8')).not.toContain('executor');
      expect((await readdir(executor)).filter((name) => name === step)).toEqual([]);
    }, settle);
  },
);
