import { expect, inject, test } from 'vitest';
import type { KernelFacts } from '../../src/common/health.ts';
import { buildOwnerRows, buildRefusalRows } from '../acceptance/builds.ts';
import { identityRows } from '../acceptance/identity.ts';
import { kernelRows } from '../acceptance/kernel.ts';
import { mountRows } from '../acceptance/mounts.ts';
import { privilegeRows } from '../acceptance/privilege.ts';
import { settingFileRows } from '../acceptance/setting-files.ts';
import { hostNamespaceRows } from '../acceptance/sharing.ts';
import { createDocker } from '../support/docker.ts';
import { parseIdMap } from '../support/id-map.ts';
import { instanceAt } from '../support/instance.ts';

const instance = instanceAt(inject('instance'));
const docker = createDocker(instance.dockerHost);

test('A01, A04: the first two containers of a fresh VM have the first two ranges', () => {
  expect(inject('firstMaps').map(parseIdMap)).toEqual([
    { inside: 0, base: 100_000, size: 65_536 },
    { inside: 0, base: 165_536, size: 65_536 },
  ]);
});

async function sentinels(): Promise<KernelFacts> {
  const { guest } = await instance.status();
  if (guest === null || guest === undefined) throw new Error('the VM did not say how it is');
  return guest.kernel;
}

identityRows(() => docker);
privilegeRows(() => docker, sentinels);
kernelRows(() => docker, sentinels);
settingFileRows(() => docker, sentinels);
hostNamespaceRows(() => docker);
mountRows(() => docker);
buildOwnerRows(() => docker);
buildRefusalRows(() => docker);
