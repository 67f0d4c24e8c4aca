import { beforeAll, expect, inject, test } from 'vitest';
import { mountRows } from '../acceptance/mounts.ts';
import { volumeRows } from '../acceptance/volumes.ts';
import { createDocker } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { hostSentinels } from '../support/host-sentinels.ts';

const docker = createDocker(inject('dockerHost'));
let before: unknown;
beforeAll(async () => {
  before = await hostSentinels(await engineInternals(inject('enginePid')));
});

mountRows(() => docker);
volumeRows(() => docker);

test('after all these mounts nothing outside has changed', async () => {
  expect(await hostSentinels(await engineInternals(inject('enginePid')))).toEqual(before);
});
