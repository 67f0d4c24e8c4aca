import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ManualClock } from '../channel/test-support/manual-clock.js';
import { createPowerOff } from './power-off.js';

let directory = '';
let engineConfigPath = '';
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'bulkhead-power-off-'));
  engineConfigPath = join(directory, 'dockerd.json');
  await writeFile(engineConfigPath, '{"live-restore":true}');
});
afterEach(() => rm(directory, { recursive: true }));

/** What is done, in order. */
async function powerOff(ownsDisk: boolean): Promise<string[]> {
  const done: string[] = [];
  await createPowerOff({
    supervisor: {
      signal: (service, number) => void done.push(`signal ${service} ${number}`),
      stop: async (service) => {
        done.push(`stop ${service}`);
        return true;
      },
    },
    client: { awaitReload: () => ({ ready: Promise.resolve(), reloaded: Promise.resolve() }) },
    link: { send: ({ kind }) => void done.push(kind) },
    phases: { phase: (phase) => void done.push(phase) },
    clock: new ManualClock(),
    log: pino({ level: 'silent' }),
    engineConfigPath,
    ownsDisk,
  })();
  return done;
}

test('what is in memory is written first, for a plug that is pulled later; then containers, engine, machine', async () => {
  expect(await powerOff(true)).toEqual([
    'powering-off',
    'sync',
    'signal dockerd 1',
    'stop dockerd',
    'stop containerd',
    'power-off',
  ]);
  expect(JSON.parse(await readFile(engineConfigPath, 'utf8'))).toMatchObject({ 'live-restore': false });
});

test('the file system of a host is left to the host', async () => {
  expect(await powerOff(false)).not.toContain('sync');
});
