import { mkdir, rm, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultLimits } from '../../src/runtime/id-pool.ts';
import { eventually } from '../support/eventually.ts';
import { type OwnEngine, startOwnEngine } from '../support/own-engine.ts';
import { Containers } from './containers.ts';
import { containerProcesses, exclusiveRanges } from './user-namespaces.ts';

let engine: OwnEngine;
let containers: Containers;
beforeAll(async () => {
  engine = await startOwnEngine('exhausted');
  containers = new Containers(engine.socket);
}, 120_000);
afterAll(async () => engine?.[Symbol.asyncDispose](), 60_000);

const config = { Image: 'bulkhead/probe', Cmd: ['sleep', '86400'], HostConfig: { NetworkMode: 'none' } };

/**
 * 32,766 containers are more than a test can start, so one lease on record holds every range past the first; its holder
 * has a state directory, as a running container has.
 */
async function holdTheRest(): Promise<string> {
  const { first, end, slot } = defaultLimits;
  const base = first + slot;
  const size = Math.floor((end - base) / slot) * slot;
  const runtimeRoot = '/run/soak-runtime';
  await mkdir(engine.internals.path(`${runtimeRoot}/holder`), { recursive: true });
  const holders = [{ runtimeRoot, containerId: 'holder', pid: 1, pidStartTime: '0' }];
  await writeFile(
    engine.internals.path(`/run/bulkhead/ids/${base}.json`),
    JSON.stringify({ base, size, holders }),
  );
  return engine.internals.path(`${runtimeRoot}/holder`);
}

/** A new daemon reads the leases of the one before. */
async function restartDaemon(): Promise<void> {
  await engine.internals.replace('bulkheadd');
  await eventually(async () => containers.ping(), 30_000);
}

test('A09: with every id range taken, creating fails with a clear error, and works again when one is free', async () => {
  const holder = await holdTheRest();
  await restartDaemon();
  await containers.start('last', config);
  const refused =
    /no 65536 user ids in a row are free .*Setting: bulkhead\.idsPerContainer\. .*remove containers/;
  await expect(containers.start('one-too-many', config)).rejects.toThrow(refused);

  await containers.remove('last');
  await containers.remove('one-too-many');
  const again = await containers.start('again', config);
  expect((await containers.inspect(again)).status).toBe('running');
  await expect(containers.start('still-too-many', config)).rejects.toThrow(refused);

  await rm(holder, { recursive: true });
  await containers.remove('still-too-many');
  await containers.start('after-all', config);
  // `runc start` is done before its process has become the container's.
  await eventually(async () => {
    const processes = await containerProcesses(engine.internals);
    expect(await exclusiveRanges(engine.internals, processes)).toHaveLength(2);
  }, 10_000);
});
