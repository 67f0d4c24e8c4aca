import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { mountViews, userOfShares } from './share-users.js';

const places = [
  { device: '0:60', path: '/home/u/a' },
  { device: '0:60', path: '/home/u/link' },
];
const line = (device: string, point: string): string =>
  `40 30 ${device} / ${point} rw,nosuid,nodev shared:1 - virtiofs share3 rw`;
const id = 'c0ffee'.repeat(11).slice(0, 64);
const engine = { ofEngine: true, container: undefined };

test('the place of a share in the engine’s own views is no use of it', () => {
  const mounts = [line('0:60', '/home/u/a'), line('0:60', '/home/u/link'), line('0:61', '/elsewhere'), ''];
  expect(userOfShares(places, [{ mounts, ...engine }])).toBeUndefined();
  expect(userOfShares(places, [])).toBeUndefined();
});

test('a mount elsewhere in them is: a volume of dockerd’s, or a front door’s', () => {
  const mounts = [line('0:60', '/home/u/a'), line('0:60', '/var/lib/docker/volumes/v/_data')];
  expect(userOfShares(places, [{ mounts, ...engine }])).toBe('the engine');
});

test('in a container’s view any mount is, at the same path as well', () => {
  const views = [
    { mounts: [line('0:61', '/home/u/a')], ofEngine: false, container: 'd'.repeat(64) },
    { mounts: [line('0:60', '/home/u/a')], ofEngine: false, container: id },
  ];
  expect(userOfShares(places, views)).toBe(`container ${id.slice(0, 12)}`);
  expect(userOfShares(places, views.slice(0, 1))).toBeUndefined();
});

test('a namespace whose first process ends as it is looked at has the view of the next', () => {
  const proc = mkdtempSync(join(tmpdir(), 'bulkhead-proc-'));
  onTestFinished(() => rmSync(proc, { recursive: true }));
  const add = (pid: string, files: Readonly<Record<string, string>>): void => {
    mkdirSync(join(proc, pid, 'ns'), { recursive: true });
    for (const kind of ['mnt', 'user']) symlinkSync(`${kind}:[7]`, join(proc, pid, 'ns', kind));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(proc, pid, name), text);
  };
  const mountinfo = line('0:60', '/in');
  add('self', {});
  add('1', {});
  add('2', { cgroup: `0::/docker/${id}` });
  add('3', { cgroup: `0::/docker/${id}`, mountinfo });
  add('4', { cgroup: '', mountinfo });
  expect([...mountViews(proc)]).toEqual([{ mounts: [mountinfo], ofEngine: true, container: id }]);
});

test.runIf(process.platform === 'linux')('this machine has views, of which one is of this process', () => {
  const views = [...mountViews()];
  expect(views.some(({ ofEngine, mounts }) => ofEngine && mounts.length > 1)).toBe(true);
});
