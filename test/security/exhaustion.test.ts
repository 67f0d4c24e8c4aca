import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, test } from 'vitest';
import { engineRoot } from './engine-root.ts';

/**
 * Without a limit one container takes every process id of the VM and neither the engine nor bulkheadd nor PID 1 can start
 * anything. The limit is on the cgroup above the containers: that of a container itself is the user's to change. It is read, not reached: other
 * tests share this machine.
 */
test('containers together have a limit of processes', () => {
  const cgroups = join(engineRoot(inject('dockerHost')), 'sys/fs/cgroup');
  const v1 = join(cgroups, 'pids/docker/pids.max');
  const limit = readFileSync(existsSync(v1) ? v1 : join(cgroups, 'docker/pids.max'), 'utf8');
  const most = Number(readFileSync('/proc/sys/kernel/pid_max', 'utf8'));
  expect(Number(limit)).toBeGreaterThan(1000);
  expect(Number(limit)).toBeLessThan(most);
});
