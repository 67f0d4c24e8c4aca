import { expect, test } from 'vitest';
import { protectedName } from './protected-names.js';

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
