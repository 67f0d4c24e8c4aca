import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { protectedDirectories, protectedName } from './protected-names.js';

test.each([
  '/',
  '/etc',
  '/etc/ssl',
  '/run',
  '/run/user/1000',
  '/proc/self',
  '/sys',
  '/dev/shm',
  '/usr/src',
  '/lib64',

  '/var',
  '/var/lib',
  '/var/run/x',
  '/var/lib/docker',
  '/var/lib/docker/volumes/x',
  '/var/log/journal',
  '/tmp',
  '/var/tmp',
  '/root',
  '/root/.docker',
  '/root/.ssh/x',
])('%s is not shared', (path) => {
  expect(protectedName(path)).toBeDefined();
});

test.each([
  '/home',
  '/home/u',
  '/home/u/.config',
  '/srv',
  '/opt/x',
  '/work',
  '/etcetera',
  '/library',
  '/tmp/x',
  '/var/tmp/x',
  '/var/lib/jenkins',
  '/var/lib/docker-data',
  '/root/project',
  '/mnt/disk',
])('%s may be shared', (path) => {
  expect(protectedName(path)).toBeUndefined();
});

test('PID 1 of the VM refuses no name but these, and those of every protected directory', () => {
  const source = readFileSync(join(import.meta.dirname, '../../../vm-image/init/share_list.c'), 'utf8');
  const [own = [], holding = []] = ['OWN', 'HOLDING'].map((table) =>
    Array.from(
      new RegExp(`${table}\\[\\] = \\{([^}]*)\\}`).exec(source)?.[1]?.matchAll(/"([^"]+)"/g) ?? [],
      ([, name = '']) => name,
    ),
  );
  expect(own.filter((name) => protectedName(`${name}/x`) === undefined)).toEqual([]);
  expect(holding.filter((name) => protectedName(name) === undefined)).toEqual([]);
  expect(own).toEqual(expect.arrayContaining([...protectedDirectories]));
  expect(holding).toEqual(['/root', '/tmp', '/var', '/var/lib', '/var/tmp']);
});
