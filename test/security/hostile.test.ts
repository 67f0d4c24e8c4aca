import { inject } from 'vitest';
import { hostileRows } from '../acceptance/hostile.ts';
import { createDocker } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { hostSentinels } from '../support/host-sentinels.ts';

const docker = createDocker(inject('dockerHost'));
hostileRows(() => docker, {
  sentinels: async () => hostSentinels(await engineInternals(inject('enginePid'))),
  rounds: 8,
});
