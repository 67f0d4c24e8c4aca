import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { planFor } from '../../isolation/testing/expect.js';
import { requestFor } from '../../isolation/testing/requests.js';
import { containerSpec } from '../../isolation/testing/specs.js';
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
    for (const [hierarchy, members, limit] of [
      ['memory', ['cgroup.procs', 'tasks'], 'memory.limit_in_bytes'],
      ['.', ['cgroup.procs', 'cgroup.threads', 'cgroup.subtree_control'], 'memory.max'],
    ] as const) {
      const cgroup = join(root, hierarchy, plan.spec.linux.cgroupsPath ?? '');
      mkdirSync(cgroup, { recursive: true });
      for (const file of [...members, limit]) writeFileSync(join(cgroup, file), '');
      delegateCgroups({ ...plan, delegated: [hierarchy] }, root);
      const owner = (path: string) => [statSync(path).uid, statSync(path).gid];
      for (const path of [cgroup, ...members.map((file) => join(cgroup, file))])
        expect(owner(path)).toEqual([plan.ids.base, plan.ids.base]);
      for (const path of [join(cgroup, limit), join(cgroup, '..')]) expect(owner(path)).toEqual([0, 0]);
    }
  },
);

test('does nothing where nothing is delegated', () => {
  delegateCgroups(planFor(requestFor(containerSpec())), join(root, 'absent'));
  expect(() => statSync(join(root, 'absent'))).toThrow('ENOENT');
});
