import { expect, test } from 'vitest';
import { statusSchema } from '../../vm/controller/status.js';
import { guestFacts } from '../../vm/controller/guest-facts.js';
import { engineRows, placeRows, resourceRows, statusText, vmRows } from './rows.js';
import { exampleHealth } from './test-support/example-health.js';

const rows = [...vmRows, ...engineRows, ...resourceRows, ...placeRows];
const gibibyte = 1024 ** 3;
const now = Date.parse('2026-11-22T12:00:00Z');
const vm = statusSchema.parse({
  name: 'default',
  state: 'ready',
  pid: 10,
  vmPid: 11,
  backend: 'QEMU 10.0.2',
  accelerator: 'tcg',
  note: null,
  image: '/images/1',
  rootHash: 'abc',
  dockerHost: 'unix:///run/docker.sock',
  startedAt: '2026-11-22T11:45:00Z',
  stateSince: '2026-11-22T11:46:00Z',
  memoryMiB: 2048,
  cpus: 2,
  network: '192.168.65.0/24',
  ports: [
    { protocol: 'tcp', address: '0.0.0.0', port: 8080 },
    { protocol: 'udp', address: '::1', port: 53 },
  ],
  shares: [
    { path: '/home/u/src', readOnly: false },
    { path: '/srv', readOnly: true },
  ],
  readyAfterMs: 14_200,
  phases: [],
  consoleLog: '/state/console.log',
  dataDisk: '/state/data.raw',
  policy: null,
  error: null,
  guest: exampleHealth,
});
const host = {
  dataDisk: { sizeBytes: 64 * gibibyte, takenBytes: 5 * gibibyte, freeBytes: 120 * gibibyte },
  vmResidentBytes: 1.2 * gibibyte,
};

test('a VM that is ready, on one screen', () => {
  const text = statusText('default', ['look'], rows, { now, guest: guestFacts(exampleHealth), vm, host });
  expect(text.split('\n')).toEqual([
    'default',
    '  WARNING    look',
    '  state      ready for 14 min, since 2026-11-22T11:46:00Z, booted in 14 s',
    '  vm         QEMU 10.0.2, tcg (software emulation), 2 processors',
    '  docker     unix:///run/docker.sock',
    '  network    192.168.65.0/24',
    '  ports      0.0.0.0:8080/tcp, [::1]:53/udp',
    '  shares     /home/u/src, /srv (read-only)',
    '  engine     ready, containerd running, dockerd running',
    '  isolation  a user namespace for each container, 3 in use',
    '  policy     none; the image has no policy key',
    '  disk       4.0 GiB used of 64 GiB, its file takes 5.0 GiB of at most 64 GiB, beside it 120 GiB are free',
    "  memory     512 MiB used of 2.0 GiB, the VM's process takes 1.2 GiB of this machine",
    '  image      /images/1',
    '  root hash  abc',
    '  data disk  /state/data.raw',
    '  console    /state/console.log',
    '  processes  controller 10, VM 11',
    '',
  ]);
});

test('one that says nothing: what the host knows, and no row of what it does not', () => {
  const text = statusText('default', [], rows, { now, guest: guestFacts(null), vm, host });
  expect(text).toContain('  disk       its file takes 5.0 GiB');
  expect(text).toContain("  memory     2048 MiB, the VM's process takes 1.2 GiB");
  for (const name of ['engine', 'isolation', 'policy', 'signed in'])
    expect(text).not.toMatch(new RegExp(`^  ${name}`, 'm'));
});

test('one that boots, and words that would act on a terminal', () => {
  const booting = statusSchema.parse({
    ...vm,
    state: 'booting',
    readyAfterMs: null,
    note: 'slow\u001B[2J',
    phases: [{ phase: 'init', atMs: 1, guestUptimeMs: null }],
  });
  const text = statusText('default', [], rows, {
    now,
    guest: guestFacts(null),
    vm: booting,
    host: undefined,
  });
  expect(text).toContain('  state      booting (init) for 14 min');
  expect(text).toContain('  note       slow [2J');
});

test('of many ports the first are told, and how many there are', () => {
  const ports = Array.from({ length: 60 }, (_, index) => ({
    protocol: 'tcp',
    address: '::',
    port: 8000 + index,
  }));
  const many = statusSchema.parse({ ...vm, ports });
  const text = statusText('default', [], rows, { now, guest: guestFacts(null), vm: many, host });
  expect(text).toMatch(/^  ports +\[::\]:8000\/tcp, .*\[::\]:8005\/tcp, and 54 more$/m);
});

test('a part of the guest that makes no sense takes no other with it', () => {
  const { engine, isolation } = guestFacts({ ...exampleHealth, engine: { ready: 'yes' } });
  expect(engine).toBeNull();
  expect(isolation).toEqual({ rangesInUse: 3 });
});

test('a controller from before an update says what it said then', () => {
  const added = new Set(['stateSince', 'memoryMiB', 'cpus', 'facts', 'ports', 'guestAt', 'guestAnswered']);
  const old = Object.fromEntries(Object.entries(vm).filter(([name]) => !added.has(name)));
  expect(statusSchema.parse(old)).toMatchObject({ stateSince: null, memoryMiB: null, guestAnswered: true });
});
