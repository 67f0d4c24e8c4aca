import { inject } from 'vitest';
import { settingFileImageRows } from '../acceptance/setting-file-images.ts';
import { createDocker } from '../support/docker.ts';
import { engineInternals } from '../support/engine-internals.ts';
import { hostSentinels } from '../support/host-sentinels.ts';

const docker = createDocker(inject('dockerHost'));

settingFileImageRows(
  () => docker,
  async () => hostSentinels(await engineInternals(inject('enginePid'))),
);
