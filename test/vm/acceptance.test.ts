import { expect, inject, test } from 'vitest';
import { identityRows } from '../acceptance/identity.ts';
import { privilegeRows } from '../acceptance/privilege.ts';
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

identityRows(() => docker);
privilegeRows(
  () => docker,
  async () => {
    const { guest } = await instance.status();
    if (guest === null || guest === undefined) throw new Error('the VM did not say how it is');
    return guest.kernel;
  },
);
