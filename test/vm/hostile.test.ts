import { inject } from 'vitest';
import { hostileRows } from '../acceptance/hostile.ts';
import { kernelProgramRows } from '../acceptance/kernel-programs.ts';
import { unansweredFuseRows } from '../acceptance/unanswered-fuse.ts';
import { createDocker } from '../support/docker.ts';
import { instanceAt } from '../support/instance.ts';

const instance = instanceAt(inject('instance'));
const docker = createDocker(instance.dockerHost);

/** What the VM tells of itself that no container may change; a service that was killed and came back has another pid. */
async function sentinels(): Promise<unknown> {
  const { guest } = await instance.status();
  if (guest === null || guest === undefined) throw new Error('the VM did not say how it is');
  const { kernel, rootFilesystem, services } = guest;
  return { kernel, rootFilesystem, services };
}

kernelProgramRows(() => docker, sentinels);
hostileRows(() => docker, { sentinels, rounds: 3 });
unansweredFuseRows(() => docker, { copyMs: 60_000, itself: false });
