import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { planFor } from '../isolation/testing/expect.js';
import { requestFor } from '../isolation/testing/requests.js';
import { containerSpec } from '../isolation/testing/specs.js';
import { delegateCgroups } from './delegate-cgroups.js';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bulkhead-cgroups-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

test.runIf(process.getuid?.() === 0)(
  'gives away the cgroup and its members, not its limits (root only)',
  () => {
    const plan = planFor(requestFor(containerSpec()));
    const cgroup = join(root, 'memory', plan.spec.linux.cgroupsPath ?? '');
    mkdirSync(cgroup, { recursive: true });
    for (const file of ['cgroup.procs', 'tasks', 'memory.limit_in_bytes'])
      writeFileSync(join(cgroup, file), '');
    delegateCgroups({ ...plan, delegated: ['memory'] }, root);
    const owner = (path: string) => [statSync(path).uid, statSync(path).gid];
    const theirs = [plan.ids.base, plan.ids.base];
    expect(owner(cgroup)).toEqual(theirs);
    expect(owner(join(cgroup, 'cgroup.procs'))).toEqual(theirs);
    expect(owner(join(cgroup, 'tasks'))).toEqual(theirs);
    expect(owner(join(cgroup, 'memory.limit_in_bytes'))).toEqual([0, 0]);
    expect(owner(join(cgroup, '..'))).toEqual([0, 0]);
  },
);

test('does nothing where nothing is delegated', () => {
  delegateCgroups(planFor(requestFor(containerSpec())), join(root, 'absent'));
  expect(() => statSync(join(root, 'absent'))).toThrow('ENOENT');
});
