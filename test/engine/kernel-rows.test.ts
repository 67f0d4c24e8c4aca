import { inject } from 'vitest';
import { kernelProgramRows } from '../acceptance/kernel-programs.ts';
import { kernelRows } from '../acceptance/kernel.ts';
import { settingFileRows } from '../acceptance/setting-files.ts';
import { createDocker } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { hostSentinels } from '../support/host-sentinels.ts';

const docker = createDocker(inject('dockerHost'));
const sentinels = async (): Promise<unknown> => hostSentinels(await engineInternals(inject('enginePid')));

kernelRows(() => docker, sentinels);
settingFileRows(() => docker, sentinels);
kernelProgramRows(() => docker, sentinels);
